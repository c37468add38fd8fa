// Where samples come from: the page itself, or the server that it came from.
//
// sample() gives a whole one, and find() {total, start, samples: [{index, id, group, right}], answered}: those from
// `start` on or, where one is named, about that one, and whether each run has answers at all.

const BATCH = 100; // samples listed at once
const FIELDS = ["text", "extracted", "verdict", "value", "rule", "reason", "finish", "fault", "tokens_out"];

const get = (id) => document.getElementById(id);
const about = JSON.parse(get("about").textContent);

function right(trials) {
  const values = trials.filter((one) => one.value !== null && one.verdict !== "error" && one.verdict !== "measured");
  if (!values.length) return null;
  return values.reduce((sum, one) => sum + one.value, 0) / values.length >= 0.5;
}

function shown(query, sides) {
  const [a, b] = [sides[query.a], sides[query.b]];
  switch (query.show) {
    case "both": return a === true && b === true;
    case "neither": return a === false && b === false;
    case "a": return a === true && b === false;
    case "b": return a === false && b === true;
    case "differ": return a !== null && b !== null && a !== b;
    default: return true;
  }
}

const inside = {
  task: null,
  async load(task) {
    if (this.task === task) return;
    const packed = atob(get(`samples-${task}`).textContent);
    const bytes = Uint8Array.from(packed, (one) => one.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const rows = await new Response(stream).json();
    let before = "";
    this.samples = rows.map(([id, group, kept, rest, target, runs], index) => {
      before = before.slice(0, kept) + rest;
      const attempts = runs.map((run) => run.map((one) => Object.fromEntries(FIELDS.map((name, at) => [name, one[at]]))));
      return { index, id, group, prompt: before, target, attempts, right: attempts.map(right), words: null };
    });
    this.task = task;
  },
  holds(sample, words) {
    if (sample.words === null) {
      const texts = sample.attempts.flat().flatMap((one) => [one.text, one.extracted || "", one.reason]);
      sample.words = [sample.id, sample.prompt, sample.target, ...texts].join("\n").toLowerCase();
    }
    return sample.words.includes(words);
  },
  async find(task, query) {
    await this.load(task);
    const words = query.q.toLowerCase();
    const found = this.samples.filter((one) => shown(query, one.right)
      && (!query.group || one.group === query.group) && (!words || this.holds(one, words)));
    const place = query.sample === "" ? -1 : found.findIndex((one) => one.index === Number(query.sample));
    const start = place < 0 ? query.start : place - place % BATCH;
    const answered = about.labels.map((_, run) => this.samples.some((one) => one.attempts[run].length > 0));
    return { total: found.length, start, samples: found.slice(start, start + BATCH), answered };
  },
  async sample(task, index) {
    await this.load(task);
    return this.samples[index];
  },
};

async function json(path, query) {
  const reply = await fetch(`${path}?${new URLSearchParams(query)}`);
  const said = await reply.json();
  if (!reply.ok) throw new Error(said.error);
  return said;
}

const outside = {
  find: (task, query) => json("/samples", { task: about.tasks[task], ...query, count: BATCH, runs: JSON.stringify(about.labels) }),
  sample: (task, index) => json("/sample", { task: about.tasks[task], index, runs: JSON.stringify(about.labels) }),
};

const source = about.served ? outside : inside;
