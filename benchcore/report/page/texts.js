// Texts on the page: whatever a model wrote is put there as text nodes, never as markup.

const LONG = 20000; // characters of a text that are shown at once
const CELLS = 4e6; // of the table by which two texts are compared word by word
// Characters that act on a terminal or turn the text around, and nobody sees.
const CONTROL = /([\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff])\1*/g;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

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
