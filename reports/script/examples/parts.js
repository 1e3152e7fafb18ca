// What is loaded when it is needed: scripts that hand a value over by its name. Pages in files may not read other files,
// but they may load scripts.
const contents = JSON.parse(document.body.dataset.contents);
const PART = Number(document.body.dataset.part);
const waiting = new Map();
window.assayPart = (name, value) => {
  waiting.get(name)?.give(value);
};

/** The value of a part, loaded once. */
function part(name) {
  const known = waiting.get(name);
  if (known) return known.value;
  const entry = {};
  entry.value = new Promise((give, fail) => {
    entry.give = give;
    const script = document.createElement('script');
    script.src = `viewer/${name}.js`;
    script.onerror = () => fail(new Error(`viewer/${name}.js is not there`));
    document.head.append(script);
  });
  waiting.set(name, entry);
  return entry.value;
}

/** What was compressed by gzip and written in base64. */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What moves or turns text is written out, as everywhere else: a name must not look like another. */
const visible = (text) =>
  text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** An element with text and attributes; names of the run are never markup. */
function make(tag, { text = '', className = '', ...attributes } = {}, children = []) {
  const made = document.createElement(tag);
  if (text !== '') made.textContent = visible(text);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
