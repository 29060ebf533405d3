"""One line records every LLM call of a process. Needs OPENAI_API_KEY and, in another terminal, ``suffice up``.

python examples/one_line.py
"""

import openai

import suffice

suffice.init(service="one-line")

client = openai.OpenAI()
answer = client.chat.completions.create(
    model="gpt-5.4-mini",
    messages=[
        {"role": "system", "content": "Answer with one of: refund, delivery, other."},
        {"role": "user", "content": "Where is my parcel? It was due on Monday."},
    ],
)
print(answer.choices[0].message.content)
