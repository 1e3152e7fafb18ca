import { flow } from '../config/flow.js';
import { AssayError } from '../errors.js';
import type { Architecture, ArchitectureChoice, Choices } from './architecture.js';

/** Several settings of a network fit its weights, and the card says none. */
export class Undecided extends AssayError {
  /** As a card's `architecture`, whole; the most usual first, perhaps not all. */
  readonly candidates: readonly ArchitectureChoice[];

  constructor(
    message: string,
    details: AssayError['details'],
    given: ArchitectureChoice,
    readonly choices: Choices,
  ) {
    super('config-invalid', message, details);
    this.candidates = choices.options.map((one) => ({ ...given, ...one }));
  }
}

/** How many settings an error lists. */
const LISTED = 8;

interface Place {
  row: Pick<Architecture, 'name' | 'title'>;
  /** The card's `architecture`. */
  given: ArchitectureChoice;
  /** The file of weights. */
  weights: string;
  /** The card's file. */
  file: string;
}

/** The error of a card that leaves open what weights do not tell: several settings fit, or none does. */
export function undecided(choices: Choices, { row, given, weights, file }: Place): AssayError {
  const { keys, message, why, options, total } = choices;
  const path = `architecture.${keys[0]}`;
  if (total === 0)
    return new AssayError(
      'shape-mismatch',
      `no usual ${keys.join(', ')} fits the weights of the ${row.title}`,
      {
        file,
        path,
        expected: why,
        found: `weights of ${weights}`,
        hint: `check input.shape; if the network has other settings, state them: architecture: { name: ${row.name}, ${keys.join(': ..., ')}: ... }, or list its layers with name: sequential (docs/checkpoints.md)`,
      },
    );
  const more =
    total > LISTED
      ? [`and ${total > 1000 ? 'many' : total - LISTED} more; \`assay inspect --json\` lists the most usual`]
      : [];
  const details = {
    file,
    path,
    expected: `the one that was trained: ${why}`,
    found: `no ${keys.join(', ')} in the card that decides, and these fit ${weights}:`,
    also: [
      ...options.slice(0, LISTED).map((one) => `architecture: ${flow({ name: row.name, ...one })}`),
      ...more,
    ],
    hint: message
      ? `add the line of the one that is meant to the model card, or its ${keys.join(', ')} to the \`architecture\` that is there`
      : "look into the network's code, and copy its line into the model card; where none is right, say its own numbers; or say the accuracy that it is known to reach, `expect: { accuracy: ... }`, and a run on labelled data takes the one that reaches it",
  };
  const said =
    message ??
    `${total > 1000 ? 'more than 1000' : total} networks have these weights, and they differ in ${keys.join(', ')}`;
  return new Undecided(said, details, given, choices);
}
