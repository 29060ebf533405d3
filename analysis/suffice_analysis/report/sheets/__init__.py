"""The sheets of a report as a workbook; ``as_xlsx.py`` binds them."""
