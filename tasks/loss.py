"""Held-out loss of texts of your own, named by --data: bits per byte and nats per token.

`--data FILE` is a plain text (.txt: one document) or JSON Lines with a field "text" (.jsonl: a document a row), gzipped
or not, or a folder of such files, each a group. Every token is scored: the first after the token that begins or ends a
text, the others after all before them in their window. Documents longer than the checkpoint's context go through it in
windows that share one token, as lm-eval's `loglikelihood_rolling`. A task file of a few lines names another field,
groups or a separator of documents: see docs/loss.md.
"""

from benchcore import Task, bits_per_byte, document, loss, nats_per_token, texts

TASK = Task(
    version=1,
    rows=texts(),
    sample=document,
    grader=loss(),
    metrics=(bits_per_byte(), nats_per_token()),
)
