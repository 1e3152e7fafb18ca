import Builder from 'fast-xml-builder';
import { oneLine, visible } from '../one-line.js';

const builder = new Builder({
  ignoreAttributes: false,
  format: true,
  suppressEmptyNode: true,
  // An attribute whose value is "true" keeps it: XML knows no attribute without.
  suppressBooleanAttributes: false,
  attributeValueProcessor: (_, value) => plain(oneLine(String(value))),
  tagValueProcessor: (_, value) => plain(visible(String(value))),
});

/** An XML document of elements by name; `@_NAME` is an attribute and `#text` the text of an element. */
export const xmlOf = (elements: object): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(elements)}`;

/** XML 1.0 has no room for halves of characters, nor for these two, not even as entities. */
const plain = (text: string): string => text.replaceAll(/[\p{Cs}\ufffe\uffff]/gu, '\ufffd');
