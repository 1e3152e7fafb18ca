import { AssayError } from '../../errors.js';
import type { Score } from '../../scores/score.js';

/** What went wrong with a score, with its title and the system: of many scores, which it was. */
export function scoreError(error: unknown, { title }: Pick<Score, 'title'>, system: string): unknown {
  if (!(error instanceof AssayError)) return error;
  return new AssayError(error.code, `${error.message} (${title} of "${system}")`, error.details);
}
