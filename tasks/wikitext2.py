"""WikiText-2, test part: held-out loss of its 60 articles, tokenized as published, with <unk>.

Merity et al. 2016 (arXiv 1609.07843), CC BY-SA 3.0. Each article, from its heading on, is a document; nothing of the
file is left out, so the loss is that of all of it. lm-eval's `wikitext` is another measurement: it takes the raw text
without <unk>, undoes the tokenization, and divides by the words and bytes before that.
"""

import re

from benchcore import Task, bits_per_byte, document, loss, nats_per_token, texts

# an article's heading has one = on either side and empty lines around it; two sentences look like one but for those
HEADING = re.compile(r"(?<=\n \n)(?= = [^=\n][^\n]* = \n \n)")

TASK = Task(
    version=1,
    rows=texts("corpora/wikitext2/test.txt.gz", separator=HEADING),
    sample=document,
    grader=loss(),
    metrics=(bits_per_byte(), nats_per_token()),
)
