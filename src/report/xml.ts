import { createRequire } from 'node:module';
import { oneLine, visible } from '../one-line.js';

const require = createRequire(import.meta.url);
let build: ((elements: object) => string) | undefined;

/** An XML document of elements by name; `@_NAME` is an attribute and `#text` the text of an element. */
export function xmlOf(elements: object): string {
  build ??= builder();
  return `<?xml version="1.0" encoding="UTF-8"?>\n${build(elements)}`;
}

/** Loaded when there is something to write: every command that knows of reporters would wait for it. */
function builder(): (elements: object) => string {
  const { default: Builder }: typeof import('fast-xml-builder') = require('fast-xml-builder');
  const made = new Builder({
    ignoreAttributes: false,
    format: true,
    suppressEmptyNode: true,
    // An attribute whose value is "true" keeps it: XML knows no attribute without.
    suppressBooleanAttributes: false,
    attributeValueProcessor: (_, value) => plain(oneLine(String(value))),
    tagValueProcessor: (_, value) => plain(visible(String(value))),
  });
  return (elements) => made.build(elements);
}

/** XML 1.0 has no room for halves of characters, nor for these two, not even as entities. */
const plain = (text: string): string => text.replaceAll(/[\p{Cs}\ufffe\uffff]/gu, '\ufffd');
