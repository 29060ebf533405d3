"""The dashboard: Streamlit pages over the read API."""
