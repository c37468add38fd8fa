// The viewer: what its controls ask for is listed, one sample of it is shown, and the page's address says which.

const FACT = 1000; // characters of what a grader says that are shown
const MARKS = { right: "\u2713", wrong: "\u2717", measured: "\u00b7" };

const controls = Object.fromEntries(["task", "first", "second", "show", "group", "search"].map((id) => [id, get(id)]));
const state = { listed: [], start: 0, total: 0, at: -1, asked: 0 }; // `listed` are those from `start` on, of `total`

// What is shown

function badge(verdict) {
  return element("span", `badge ${MARKS[verdict] ? verdict : "other"}`, `${MARKS[verdict] || "?"} ${verdict || "not graded"}`);
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
  line.append(badge(one.verdict));
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
    ["Value", one.verdict === "measured" ? Number(one.value.toPrecision(6)) : null],
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
  const verdict = known === true ? "right" : known === false ? "wrong" : "";
  return element("span", verdict, MARKS[verdict] || "\u00b7");
}

function list() {
  const runs = sides();
  get("list").querySelector("ol").replaceChildren(...state.listed.map((one, at) => {
    const button = element("button");
    button.type = "button";
    const marks = element("span", "marks");
    marks.append(...runs.flatMap((run) => [mark(one, run), " "]));
    button.append(marks);
    put(button, one.id.slice(0, FACT));
    button.addEventListener("click", () => go(state.start + at));
    const item = element("li");
    item.append(button);
    return item;
  }));
  get("earlier").hidden = state.start === 0;
  get("later").hidden = state.start + BATCH >= state.total;
}

function query() {
  const a = controls.first.value;
  const [b, group] = [controls.second ? controls.second.value : a, controls.group.value];
  return { a, b, show: controls.show.value, group, q: controls.search.value.trim() };
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

function summary(total, answered) {
  const task = about.tasks[controls.task.value];
  const silent = sides().filter((run) => !answered[run]).map((run) => ` ${about.labels[run]} has no texts here.`).join("");
  if (!total) return `No sample of ${task} is like this.${silent}`;
  return `${total.toLocaleString("en")} sample${total === 1 ? "" : "s"} of ${task}.${silent}`;
}

// Lists the samples from `start` on or, where one is named, about that one.
const look = (start, sample) => tried(async (current) => {
  const found = await source.find(Number(controls.task.value), { ...query(), start, sample });
  if (!current()) return false;
  Object.assign(state, { listed: found.samples, start: found.start, total: found.total });
  get("status").textContent = summary(found.total, found.answered);
  get("key").textContent = `${sides().length > 1 ? "A B " : ""}sample (${MARKS.right} right, ${MARKS.wrong} wrong)`;
  list();
  return true;
});

// Shows what the controls ask for: of it the sample of that number, or the first.
async function open(sample = "") {
  get("status").textContent = "Reading\u2026";
  if (!(await look(0, sample))) return;
  const at = state.listed.findIndex((one) => String(one.index) === sample);
  state.at = -1;
  get("sample").hidden = !state.total;
  await show(state.start + Math.max(at, 0));
}

async function show(at) {
  if (at < 0 || at >= state.total) return false;
  const start = at - at % BATCH;
  if (start !== state.start && !(await look(start, ""))) return false;
  return tried(async (current) => {
    const sample = await source.sample(Number(controls.task.value), state.listed[at - start].index);
    if (!current()) return false;
    state.at = at;
    const buttons = get("list").querySelectorAll("li button");
    buttons.forEach((button, other) => button.toggleAttribute("aria-current", start + other === at));
    const [pane, button] = [get("list"), buttons[at - start]];
    pane.scrollTop = button.offsetTop - pane.clientHeight / 2;
    draw(sample);
    return true;
  });
}

// The fragment of the page's address says what is shown, so that it can be linked to, shared and gone back to.

function address() {
  const { a, b, ...asked } = query();
  const said = { task: about.tasks[controls.task.value], a: about.labels[a], b: about.labels[b], ...asked };
  if (state.at >= 0) said.sample = state.listed[state.at - state.start].index;
  return `#samples?${new URLSearchParams(Object.entries(said).filter(([, value]) => value !== ""))}`;
}

async function go(at) {
  if (await show(at)) history.replaceState(null, "", address());
}

function change() {
  state.at = -1;
  history.pushState(null, "", address());
  return open();
}

function groups() {
  const known = about.groups[controls.task.value];
  controls.group.replaceChildren(new Option("all", ""), ...known.map((name) => new Option(name, name)));
  controls.group.parentElement.hidden = !known.length;
}

// Goes where the address says; false where it is no place in the viewer.
function follow() {
  if (!location.hash.startsWith("#samples?")) return false;
  const said = new URLSearchParams(location.hash.slice("#samples?".length));
  const choose = (control, value) => {
    if (control && [...control.options].some((one) => one.value === String(value))) control.value = value;
  };
  choose(controls.task, about.tasks.indexOf(said.get("task")));
  choose(controls.first, about.labels.indexOf(said.get("a")));
  choose(controls.second, about.labels.indexOf(said.get("b")));
  choose(controls.show, said.get("show") || "all");
  groups();
  choose(controls.group, said.get("group") || "");
  controls.search.value = said.get("q") || "";
  const arrive = () => get("samples").scrollIntoView({ behavior: "instant" });
  arrive();
  get("samples-title").focus({ preventScroll: true });
  open(said.get("sample") || "").then(arrive); // until the sample stands there, the page may be too short to scroll
  return true;
}

let waiting;
get("controls").addEventListener("submit", (event) => event.preventDefault());
controls.search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    state.at = -1;
    history.replaceState(null, "", address());
    open();
  }, 200);
});
controls.task.addEventListener("change", groups);
for (const name of ["task", "first", "second", "show", "group"]) controls[name]?.addEventListener("change", change);
get("earlier").addEventListener("click", () => go(state.start - BATCH));
get("later").addEventListener("click", () => go(state.start + BATCH));
get("previous").addEventListener("click", () => go(state.at - 1));
get("next").addEventListener("click", () => go(state.at + 1));
window.addEventListener("hashchange", follow);
document.addEventListener("click", (event) => { // a link to where the address is already changes nothing
  if (event.target.closest("a")?.hash === location.hash) follow();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea") || state.at < 0) return;
  // arrows scroll what can be scrolled sideways
  const sideways = event.target.closest("[tabindex]") && !event.target.closest("#samples");
  if (event.key === "j" || (event.key === "ArrowRight" && !sideways)) go(state.at + 1);
  else if (event.key === "k" || (event.key === "ArrowLeft" && !sideways)) go(state.at - 1);
  else return;
  event.preventDefault();
});

get("viewer").hidden = false;
groups();
// The first task is opened when its place comes near: a page of many samples shows its figures at once.
const near = new IntersectionObserver((entries) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  near.disconnect();
  if (!state.asked) open();
}, { rootMargin: "400px" });
if (!follow()) near.observe(get("samples"));
