import { AssayError } from '../../errors.js';
import { oneLine } from '../../one-line.js';
import type { Compared, Contradiction } from '../../verification/compared.js';
import type { Expected } from '../../verification/expected.js';
import type { Instance } from '../../verification/instances.js';
import { complain, print } from '../terminal/terminal.js';

/** What others found of a list of instances. */
export interface Theirs {
  file: string;
  /** By instance. */
  expected: (Expected | undefined)[];
}

/** Errors: those of reading; `data-invalid` where it is about none of the instances. */
export async function expectedOf(
  file: string,
  instances: readonly Instance[],
  category: string,
): Promise<Theirs> {
  const { matched, readExpected } = await import('../../verification/expected.js');
  const lines = await readExpected(file);
  const expected = matched(instances, lines, { file, category });
  if (expected.every((line) => line === undefined))
    throw new AssayError('data-invalid', 'the expected results are about none of the instances', {
      file,
      expected: `lines of networks and properties as in the list: ${instances[0]?.onnx}, ${instances[0]?.vnnlib}`,
      found: lines[0] ? `${lines[0].onnx}, ${lines[0].vnnlib} and so on` : 'no lines',
      hint: 'name the results of this category',
    });
  return { file, expected };
}

/** Contradictions are told in any case. */
export function tellCompared(compared: Compared, file: string, silent: boolean): void {
  const { agree, oursOnly, theirsOnly, neither, absent, contradictions } = compared;
  const parts = [
    `${agree} agree`,
    `${oursOnly} decided here only`,
    `${theirsOnly} there only`,
    `${neither} by neither`,
    `${contradictions.length} contradict`,
    ...(absent > 0 ? [`${absent} not in it`] : []),
  ];
  if (!silent) print(`Compared with ${oneLine(file)}: ${parts.join(', ')}\n`);
  for (const contradiction of contradictions)
    complain(`${oneLine(contradictionText(contradiction, file))}\n`);
}

function contradictionText(
  { onnx, vnnlib, ours, theirs, line, witness, refuted, why }: Contradiction,
  file: string,
): string {
  const said = `contradiction: ${onnx} ${vnnlib} is ${ours} here, and ${theirs} in ${file} at line ${line}`;
  const shown = witness === undefined ? '' : ` (${witness})`;
  if (refuted === 'theirs')
    return `${said}. The counterexample settles it${shown}: ${why}. Theirs is wrong, unless it is about other files`;
  if (refuted === 'ours')
    return `${said}. Their counterexample settles it${shown}: ${why}. The proof here is wrong: please report it`;
  return `${said}. A counterexample would settle it${shown}: ${why}`;
}
