import { AssayError } from '../../errors.js';

/** What bounds say and an attack denies. */
export interface Contradicted {
  /** `crown-ibp` */
  method: string;
  system: string;
  dataset: string;
  /** `Linf 8/255` */
  ball: string;
  /** Source indices of what is proved robust in that ball and yet misclassified there. */
  examples: readonly number[];
}

/** Most examples that are named. */
const NAMED = 5;

/**
 * Errors: `suite-failed` where an attack breaks what is proved: one of the two is wrong, and neither number holds.
 */
export function refuseContradiction({ method, system, dataset, ball, examples }: Contradicted): void {
  if (examples.length === 0) return;
  const some = examples.slice(0, NAMED).join(', ');
  throw new AssayError(
    'suite-failed',
    `an attack misclassifies what ${method} proves robust: bounds and attack contradict each other, and neither number holds`,
    {
      path: `${system} on ${dataset}, ${ball}`,
      found: `example${examples.length === 1 ? '' : 's'} ${some}${examples.length > NAMED ? ', ...' : ''}`,
      hint: 'report it as a fault of Assay, with the checkpoint; leave bounds out meanwhile: no suite `certified`, no `certify`',
    },
  );
}
