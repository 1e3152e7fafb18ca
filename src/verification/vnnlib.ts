import { malformed, type Place } from '../bytes/byte-source.js';
import { limits } from '../bytes/limits.js';
import { type Alternatives, type Atom, alternativesOf, both, type InputBound } from './formulas.js';
import type { Box, Case, Property } from './property.js';
import { type Form, formsIn, isForm, shown } from './s-expressions.js';
import { variableOf } from './terms.js';

/** Statements of SMT-LIB that say nothing of what is verified. */
const SILENT = new Set(['set-logic', 'set-info', 'set-option', 'check-sat', 'get-model', 'exit']);

/**
 * Reads a property of VNN-LIB 1.0 (Demarchi et al. 2023): `declare-const` of inputs X_i and outputs Y_i, and assertions that
 * together describe a counterexample. Inputs are bounded by numbers; conditions on outputs are linear; `and` and `or` may
 * nest, and boxes may differ between the alternatives of an `or`.
 * Errors: `file-malformed` with the line.
 */
export function readProperty(text: string, place: Place): Property {
  const declared = new Set<string>();
  const ends = { lower: new Map<number, number>(), upper: new Map<number, number>() };
  // What holds in every alternative; apart, so that it is not copied with each assertion.
  const sure: Atom[] = [];
  let alternatives: Alternatives = [[]];
  for (const form of formsIn(text, place)) {
    const name = declaredBy(form, place);
    if (name !== undefined) {
      declared.add(name);
      continue;
    }
    const [head, formula, ...rest] = form.items;
    const op = head && !isForm(head) ? head.word : '';
    if (SILENT.has(op)) continue;
    if (op !== 'assert' || !formula || rest.length > 0) throw unknownStatement(form, op, place);
    const said = alternativesOf(formula, declared, place);
    if (said.length !== 1)
      alternatives = both(alternatives, said, { file: place.file, path: `line ${form.line}` });
    else
      for (const atom of said[0]!)
        if ('bound' in atom) tighten(ends, atom.bound);
        else sure.push(atom);
  }
  alternatives = both([sure], alternatives, place);
  const inputs = countOf('X', declared, place);
  const outputs = countOf('Y', declared, place);
  return { inputs, outputs, cases: casesOf(alternatives, ends, inputs, place) };
}

/** The variable that a statement declares; undefined for other statements. */
function declaredBy({ items, line }: Form, { file }: Place): string | undefined {
  const [head, name, ...rest] = items;
  const op = head && !isForm(head) ? head.word : '';
  if (op !== 'declare-const' && op !== 'declare-fun') return undefined;
  const type = rest.at(-1);
  const word = name && !isForm(name) ? name.word : '';
  if (!variableOf(word) || !type || isForm(type) || type.word !== 'Real' || rest.length > 2)
    throw malformed({ file, path: `line ${line}` }, 'this declaration is not understood', {
      expected: '(declare-const X_0 Real) of an input, or (declare-const Y_0 Real) of an output',
      found: `(${op} ${shown(word)} …)`,
    });
  return word;
}

function unknownStatement({ line }: Form, op: string, { file }: Place) {
  const second = op === 'vnnlib-version' || op === 'declare-network';
  return malformed({ file, path: `line ${line}` }, 'this statement is not understood', {
    expected: '(declare-const …) or (assert …) of one formula',
    found: `(${shown(op)} …)`,
    hint: second
      ? 'VNN-LIB 1.0 is read: write the property in that version'
      : 'leave out what is no declaration and no assertion',
  });
}

/** How many variables there are of a kind. Errors: where there is none, or a number is left out. */
function countOf(kind: 'X' | 'Y', declared: ReadonlySet<string>, { file }: Place): number {
  const indices = [...declared].flatMap((name) => {
    const variable = variableOf(name);
    return variable?.kind === kind ? [variable.index] : [];
  });
  for (let i = 0; i < Math.max(1, indices.length); i++)
    if (!declared.has(`${kind}_${i}`))
      throw malformed({ file }, `${kind}_${i} is not declared`, {
        expected: `${kind === 'X' ? 'inputs X' : 'outputs Y'}_0, ${kind}_1 and so on, none left out`,
        found: indices.length === 0 ? 'none' : `${indices.length} others`,
      });
  return indices.length;
}

interface Ends {
  lower: Map<number, number>;
  upper: Map<number, number>;
}

function tighten(ends: Ends, { input, side, value }: InputBound): void {
  const known = ends[side].get(input);
  if (known === undefined || (side === 'lower' ? value > known : value < known)) ends[side].set(input, value);
}

function casesOf(alternatives: Alternatives, ends: Ends, inputs: number, { file }: Place): Case[] {
  const boundsOf = (atoms: readonly Atom[]) => atoms.flatMap((atom) => ('bound' in atom ? [atom.bound] : []));
  const common = boxOf(ends, inputs);
  const own = alternatives.filter((atoms) => boundsOf(atoms).length > 0).length;
  const { value, of, instead } = limits.vnnlibNumbers;
  if (own * inputs > value)
    throw malformed({ file }, 'the alternatives of the property have boxes that are too large together', {
      expected: `at most ${value} ${of}`,
      found: `${own} boxes of ${inputs} inputs`,
      hint: instead,
    });
  let shared: boolean | undefined;
  return alternatives.flatMap((atoms) => {
    const bounds = boundsOf(atoms);
    const box = bounds.length === 0 ? common : { lower: common.lower.slice(), upper: common.upper.slice() };
    for (const { input, side, value: end } of bounds)
      box[side][input] =
        side === 'lower' ? Math.max(end, box.lower[input]!) : Math.min(end, box.upper[input]!);
    // That of many alternatives is looked through once.
    if (box === common) shared ??= holdsInputs(box, file);
    if (!(box === common ? shared : holdsInputs(box, file))) return [];
    return [{ box, constraints: atoms.flatMap((atom) => ('constraint' in atom ? [atom.constraint] : [])) }];
  });
}

function boxOf({ lower, upper }: Ends, inputs: number): Box {
  return {
    lower: Float64Array.from({ length: inputs }, (_, i) => lower.get(i) ?? Number.NEGATIVE_INFINITY),
    upper: Float64Array.from({ length: inputs }, (_, i) => upper.get(i) ?? Number.POSITIVE_INFINITY),
  };
}

/** The largest number of float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** Whether there are inputs in a box. Errors: where an end is missing, or beyond what networks read. */
function holdsInputs({ lower, upper }: Box, file: string): boolean {
  for (const [side, ends] of Object.entries({ lower, upper })) {
    const i = ends.findIndex((end) => !(Math.abs(end) <= LARGEST));
    if (i < 0) continue;
    const expected = `(assert (${side === 'lower' ? '>=' : '<='} X_${i} number)), or the like in every alternative`;
    if (!Number.isFinite(ends[i])) throw malformed({ file }, `X_${i} has no ${side} bound`, { expected });
    throw malformed({ file }, `the ${side} bound of X_${i} is beyond float32`, {
      expected: `${expected}, of at most 3.4e38`,
      found: `${ends[i]}`,
    });
  }
  return lower.every((low, i) => low <= upper[i]!);
}
