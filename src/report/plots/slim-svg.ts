import { rounded, slimPath } from './slim-path.js';

interface Element {
  name: string;
  attributes: Map<string, string>;
  children: (Element | string)[];
  /** Names of itself and of all that it holds. */
  holds: Set<string>;
}

/** Attributes that say what holds without them, or that only Vega's own page reads. */
const IDLE: Readonly<Record<string, RegExp>> = {
  'aria-hidden': /./,
  class: /./,
  'pointer-events': /./,
  opacity: /^1$/,
  'fill-opacity': /^1$/,
  'stroke-opacity': /^1$/,
  'stroke-width': /^1$/,
  transform: /^translate\(0,0\)$/,
  x1: /^0$/,
  x2: /^0$/,
  y1: /^0$/,
  y2: /^0$/,
};

/** Attributes that children inherit, and the elements that they say something of. */
const INHERITED: Readonly<Record<string, readonly string[]>> = {
  fill: ['path', 'rect', 'circle', 'text'],
  stroke: ['path', 'rect', 'circle', 'text', 'line'],
  'stroke-width': ['path', 'rect', 'circle', 'text', 'line'],
  'stroke-dasharray': ['path', 'rect', 'circle', 'text', 'line'],
  'font-family': ['text'],
  'font-size': ['text'],
  'font-weight': ['text'],
  'text-anchor': ['text'],
};

/** Attributes of places and sizes. */
const PLACES = new Set(['x', 'x1', 'x2', 'y', 'y1', 'y2', 'width', 'height']);

/**
 * The same picture in half the bytes: places to a tenth of a pixel, nothing that draws nothing, and what the parts of a group
 * have in common said once. A report has a hundred plots.
 * @param svg as Vega writes it
 */
export function slimSvg(svg: string): string {
  const root = parsed(svg);
  return root.children.map((child) => written(slimmed(child))).join('');
}

function parsed(svg: string): Element {
  const root: Element = { name: '', attributes: new Map(), children: [], holds: new Set() };
  const open = [root];
  for (const [token] of svg.matchAll(/<(?:"[^"]*"|[^">])*>|[^<]+/g)) {
    const parent = open[open.length - 1]!;
    if (!token.startsWith('<')) parent.children.push(token);
    else if (token.startsWith('</')) open.pop();
    else {
      const attributes = new Map(
        [...token.matchAll(/ ([^\s=]+)="([^"]*)"/g)].map(([, name, value]): [string, string] => [
          name!,
          value!,
        ]),
      );
      const name = /^<([^\s/>]+)/.exec(token)?.[1] ?? '';
      for (const around of open) around.holds.add(name);
      const element = { name, attributes, children: [], holds: new Set([name]) };
      parent.children.push(element);
      if (!token.endsWith('/>')) open.push(element);
    }
  }
  return root;
}

function slimmed(node: Element | string): Element | string {
  // Places in a gradient are shares of what it fills.
  if (typeof node === 'string' || node.name.endsWith('Gradient')) return node;
  const attributes = new Map<string, string>();
  for (const [name, value] of node.attributes)
    if (node.name === 'svg' || !IDLE[name]?.test(value)) attributes.set(name, shorter(name, value));
  const children = node.children.filter((child) => !drawsNothing(child)).map(slimmed);
  const element = { ...node, attributes, children };
  if (node.name === 'g' || node.name === 'svg') share(element);
  // A group that says nothing, or no longer, is what it holds.
  element.children = children.flatMap((child) =>
    typeof child !== 'string' && child.name === 'g' && child.attributes.size === 0 ? child.children : [child],
  );
  return element;
}

function shorter(name: string, value: string): string {
  if (name === 'd') return slimPath(value);
  if (name === 'transform') return value.replace(/translate\([^)]*\)/g, rounded);
  return PLACES.has(name) ? rounded(value) : value;
}

/** Grounds and frames of groups without a colour, which Vega draws all the same. */
function drawsNothing(node: Element | string): boolean {
  if (typeof node === 'string') return false;
  const { name, attributes, children } = node;
  if (attributes.get('display') === 'none') return true;
  if (name === 'g') return children.every(drawsNothing);
  const invisible = (paint: string) => ['none', 'transparent'].includes(attributes.get(paint) ?? 'none');
  return attributes.get('class') === 'background' && invisible('fill') && invisible('stroke');
}

/** Moves to a group what all its parts say alike. */
function share(group: Element): void {
  const parts = group.children.filter((child) => typeof child !== 'string');
  for (const [attribute, concerned] of Object.entries(INHERITED)) {
    const told = parts.filter(({ holds }) => concerned.some((name) => holds.has(name)));
    const [first] = told.map(({ attributes }) => attributes.get(attribute));
    if (first === undefined || told.some(({ attributes }) => attributes.get(attribute) !== first)) continue;
    for (const { attributes } of told) attributes.delete(attribute);
    group.attributes.set(attribute, first);
  }
}

function written(node: Element | string): string {
  if (typeof node === 'string') return node;
  const { name, attributes, children } = node;
  const start = `<${name}${[...attributes].map(([key, value]) => ` ${key}="${value}"`).join('')}`;
  return children.length > 0 ? `${start}>${children.map(written).join('')}</${name}>` : `${start}/>`;
}
