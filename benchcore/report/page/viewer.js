// The sample viewer. Whatever a model wrote is put on the page as text nodes, never as markup.
"use strict";
(() => {
  const LONG = 20000; // characters of a text that are shown at once
  const FACT = 1000; // characters of what a grader says that are shown
  const CELLS = 4e6; // of the table by which two texts are compared word by word
  const BATCH = 100; // samples listed at once
  const FIELDS = ["text", "extracted", "verdict", "value", "rule", "reason", "finish", "fault", "tokens_out"];
  // Characters that act on a terminal or turn the text around, and nobody sees.
  const CONTROL = /([\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff])\1*/g;
  const MARKS = { right: "\u2713", wrong: "\u2717" };

  const get = (id) => document.getElementById(id);
  const about = JSON.parse(get("about").textContent);
  const controls = { task: get("task"), first: get("first"), second: get("second"), show: get("show"), search: get("search") };
  const state = { found: [], total: 0, at: -1, asked: 0 };

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // Where samples come from: find() gives {total, samples: [{index, id, group, right}]}, sample() a whole one.

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
    async find(task, query, start) {
      await this.load(task);
      const words = query.q.toLowerCase();
      const found = this.samples.filter((one) => shown(query, one.right) && (!words || this.holds(one, words)));
      return { total: found.length, samples: found.slice(start, start + BATCH) };
    },
    async sample(task, index) {
      await this.load(task);
      return this.samples[index];
    },
  };

  async function json(path, query) {
    const reply = await fetch(`${path}?${new URLSearchParams(query)}`);
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    return reply.json();
  }

  const outside = {
    find: (task, query, start) => json("/samples", { task: about.tasks[task], ...query, start, count: BATCH, runs: JSON.stringify(about.labels) }),
    sample: (task, index) => json("/sample", { task: about.tasks[task], index, runs: JSON.stringify(about.labels) }),
  };

  const source = about.served ? outside : inside;

  // Texts

  function put(parent, text) {
    let end = 0;
    for (const found of text.matchAll(CONTROL)) {
      parent.append(text.slice(end, found.index));
      const times = found[0].length > 1 ? ` \u00d7${found[0].length}` : "";
      const code = found[1].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
      parent.append(element("span", "control", `U+${code}${times}`));
      end = found.index + found[0].length;
    }
    parent.append(text.slice(end));
  }

  function box(label, text, pieces) {
    const made = element("pre", "text");
    made.tabIndex = 0;
    made.setAttribute("role", "region");
    made.setAttribute("aria-label", label);
    fill(made, pieces || [[text, false]], LONG);
    if (text.length <= LONG) return made;
    const all = element("button", "all", `Show all ${text.length.toLocaleString("en")} characters`);
    all.type = "button";
    all.addEventListener("click", () => {
      made.classList.add("long");
      fill(made, pieces || [[text, false]], Infinity);
      all.remove();
    });
    const both = element("div");
    both.append(made, all);
    return both;
  }

  function fill(parent, pieces, most) {
    parent.replaceChildren();
    let left = most;
    for (const [text, marked] of pieces) {
      if (left <= 0) break;
      const inner = marked ? element("mark") : document.createDocumentFragment();
      put(inner, text.slice(0, left));
      parent.append(inner);
      left -= text.length;
    }
    if (!parent.textContent) parent.append(element("span", "nothing", "(empty)"));
  }

  // Both texts in pieces [text, whether the other lacks it]; null where they are too long to compare. White space goes
  // with the word before it and makes no difference.
  function differences(one, other) {
    const [here, there] = [one, other].map((text) => text.match(/^\s+|[\p{L}\p{N}_]+\s*|[^\s\p{L}\p{N}_]\s*/gu) || []);
    const [a, b] = [here, there].map((words) => words.map((word) => word.trimEnd()));
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start++;
    let tail = 0;
    while (tail < a.length - start && tail < b.length - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
    const [ends, width] = [[a.length - tail, b.length - tail], b.length - tail - start + 1];
    if ((ends[0] - start + 1) * width > CELLS) return null;
    const longest = new Uint16Array((ends[0] - start + 1) * width); // of a common subsequence of what follows
    const cell = (i, j) => (i - start) * width + j - start;
    for (let i = ends[0] - 1; i >= start; i--) {
      for (let j = ends[1] - 1; j >= start; j--) {
        longest[cell(i, j)] = a[i] === b[j] ? longest[cell(i + 1, j + 1)] + 1
          : Math.max(longest[cell(i + 1, j)], longest[cell(i, j + 1)]);
      }
    }
    const pieces = [[], []];
    const add = (side, word, marked) => {
      const last = pieces[side].at(-1);
      if (last && last[1] === marked) last[0] += word;
      else pieces[side].push([word, marked]);
    };
    let [i, j] = [0, 0];
    while (i < a.length || j < b.length) {
      const between = i >= start && j >= start && (i < ends[0] || j < ends[1]);
      if (!between || (i < ends[0] && j < ends[1] && a[i] === b[j])) {
        add(0, here[i++], false);
        add(1, there[j++], false);
      } else if (j >= ends[1] || (i < ends[0] && longest[cell(i + 1, j)] >= longest[cell(i, j + 1)])) {
        add(0, here[i++], true);
      } else {
        add(1, there[j++], true);
      }
    }
    return pieces;
  }

  // What is shown

  function badge(verdict, known) {
    const name = verdict || (known ? "not graded" : "no answer");
    return element("span", `badge ${MARKS[verdict] ? verdict : "other"}`, `${MARKS[verdict] || "?"} ${name}`);
  }

  function facts(parent, pairs) {
    const list = element("dl");
    for (const [name, value] of pairs) {
      if (value === null || value === undefined || value === "") continue;
      const said = element("dd");
      const whole = String(value);
      put(said, whole.slice(0, FACT));
      if (whole.length > FACT) said.append(element("span", "nothing", ` ... of ${whole.length.toLocaleString("en")} characters`));
      list.append(element("dt", "", name), said);
    }
    parent.append(list);
  }

  function answer(name, run, sample, trial, pieces, choose) {
    const made = element("section", "answer");
    const trials = sample.attempts[run];
    const head = element("h4");
    head.append(element("span", "side", name), " ", about.labels[run]);
    made.append(head);
    if (!trials.length) {
      made.append(element("p", "nothing", "This run has no answer to this prompt."));
      return made;
    }
    const one = trials[trial];
    const line = element("p", "outcome");
    line.append(badge(one.verdict, true));
    if (trials.length > 1) {
      const select = element("select");
      select.setAttribute("aria-label", `Attempt of ${about.labels[run]}`);
      trials.forEach((other, at) => select.append(new Option(`attempt ${at + 1} of ${trials.length}: ${other.verdict || "not graded"}`, at)));
      select.value = trial;
      select.addEventListener("change", () => choose(Number(select.value)));
      line.append(" ", select);
    }
    made.append(line);
    const ended = { length: "at the token limit", fault: "by a fault" }[one.finish];
    facts(made, [
      ["Read as", one.extracted],
      ["Value", one.verdict === "measured" ? one.value : null],
      ["Why", one.reason],
      ["Rule", one.rule],
      ["Ended", ended],
      ["Fault", one.fault],
      ["Tokens", one.tokens_out || null],
    ]);
    made.append(box(`Answer of ${about.labels[run]}`, one.text, pieces));
    return made;
  }

  function draw(sample, trials = [0, 0]) {
    const runs = sides();
    get("sample").hidden = false;
    get("name").replaceChildren();
    put(get("name"), `Sample ${sample.id}${sample.group ? `, group ${sample.group}` : ""}`.slice(0, FACT));
    get("where").textContent = `${state.at + 1} of ${state.total.toLocaleString("en")}`;
    get("previous").disabled = state.at === 0;
    get("next").disabled = state.at + 1 >= state.total;
    const asked = get("asked");
    asked.replaceChildren(element("h4", "", "Prompt"), box("Prompt", sample.prompt));
    const prompt = asked.querySelector("pre");
    asked.append(element("h4", "", "Reference answer"), box("Reference answer", sample.target));
    const texts = runs.map((run, at) => sample.attempts[run][trials[at]]?.text);
    const paired = runs.length > 1 && texts.every((text) => text !== undefined);
    const pieces = paired ? differences(...texts) : null;
    get("answers").replaceChildren(...runs.map((run, at) => answer(
      runs.length > 1 ? "AB"[at] : "", run, sample, trials[at], pieces && pieces[at],
      (trial) => draw(sample, trials.map((old, side) => (side === at ? trial : old))),
    )));
    get("compared").textContent = !paired ? ""
      : pieces === null ? "The two answers are too long to be compared word by word."
      : !pieces.flat().some(([, marked]) => marked) ? "The two answers are the same, word for word."
      : "Marked is what the other answer does not say.";
    prompt.scrollTop = prompt.scrollHeight; // the question stands last, after the examples
  }

  function sides() {
    const first = Number(controls.first.value);
    const second = controls.second ? Number(controls.second.value) : first;
    return first === second ? [first] : [first, second];
  }

  function mark(one, run) {
    const known = one.right[run];
    return known === true ? MARKS.right : known === false ? MARKS.wrong : "\u00b7";
  }

  function list(samples) {
    const runs = sides();
    for (const one of samples) {
      const at = state.found.length;
      state.found.push(one.index);
      const button = element("button");
      button.type = "button";
      button.append(element("span", "marks", runs.map((run) => mark(one, run)).join(" ")), " ");
      put(button, one.id.slice(0, FACT));
      button.addEventListener("click", () => go(at));
      const item = element("li");
      item.append(button);
      get("list").querySelector("ol").append(item);
    }
    get("more").hidden = state.found.length >= state.total;
  }

  function query() {
    const a = controls.first.value;
    return { a, b: controls.second ? controls.second.value : a, show: controls.show.value, q: controls.search.value.trim() };
  }

  // An answer that comes after another question was asked is not shown.
  async function tried(what) {
    const asked = ++state.asked;
    try {
      return await what(() => asked === state.asked);
    } catch (error) {
      if (asked === state.asked) get("status").textContent = `The samples cannot be read: ${error.message}`;
    }
  }

  const open = () => tried(async (current) => {
    const task = Number(controls.task.value);
    get("status").textContent = "Reading\u2026";
    const found = await source.find(task, query(), 0);
    if (!current()) return;
    state.found = [];
    state.total = found.total;
    state.at = -1;
    get("list").querySelector("ol").replaceChildren();
    get("sample").hidden = true;
    const many = `${found.total.toLocaleString("en")} sample${found.total === 1 ? "" : "s"}`;
    get("status").textContent = found.total ? `${many} of ${about.tasks[task]}.` : `No sample of ${about.tasks[task]} is like this.`;
    get("key").textContent = `${sides().length > 1 ? "A B" : "A"} sample (${MARKS.right} right, ${MARKS.wrong} wrong)`;
    list(found.samples);
    if (found.total) await go(0, false);
  });

  const more = () => tried(async (current) => {
    const found = await source.find(Number(controls.task.value), query(), state.found.length);
    if (current()) list(found.samples);
    return current();
  });

  async function go(at, follow = true) {
    if (at < 0 || at >= state.total) return;
    if (at >= state.found.length && !(await more())) return;
    await tried(async (current) => {
      const sample = await source.sample(Number(controls.task.value), state.found[at]);
      if (!current()) return;
      state.at = at;
      const buttons = get("list").querySelectorAll("li button");
      buttons.forEach((button, other) => button.toggleAttribute("aria-current", other === at));
      if (follow) {
        const pane = get("list");
        pane.scrollTop = buttons[at].offsetTop - pane.clientHeight / 2;
      }
      draw(sample);
    });
  }

  let waiting;
  get("controls").addEventListener("submit", (event) => event.preventDefault());
  controls.search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(open, 200);
  });
  for (const name of ["task", "first", "second", "show"]) controls[name]?.addEventListener("change", open);
  get("more").addEventListener("click", more);
  get("previous").addEventListener("click", () => go(state.at - 1));
  get("next").addEventListener("click", () => go(state.at + 1));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea") || state.at < 0) return;
    // arrows scroll what can be scrolled sideways
    const sideways = event.target.closest("[tabindex]") && !event.target.closest("#viewer");
    if (event.key === "j" || (event.key === "ArrowRight" && !sideways)) go(state.at + 1);
    else if (event.key === "k" || (event.key === "ArrowLeft" && !sideways)) go(state.at - 1);
    else return;
    event.preventDefault();
  });

  get("viewer").hidden = false;
  // The first task is opened when its place comes near: a page of many samples shows its figures at once.
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      near.disconnect();
      open();
    }
  }, { rootMargin: "400px" });
  near.observe(get("samples"));
})();
