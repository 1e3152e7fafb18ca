import type { ArchitectureChoice, Choices } from './architecture.js';
import type { Weights } from './weights.js';

/** A file that holds several models, none before the others, for a card that does not say which. */
export function severalModels(
  { equals = [], from }: Weights,
  architecture?: ArchitectureChoice,
): Choices | undefined {
  if (equals.length === 0 || architecture?.stateDict !== undefined) return undefined;
  const places = [from, ...equals];
  const shown = places.slice(0, 6).join(', ');
  return {
    keys: ['stateDict'],
    message: `the file holds ${places.length} models`,
    why: `weights lie under ${shown}${places.length > 6 ? ', ...' : ''}`,
    options: places.map((stateDict) => ({ stateDict })),
    total: places.length,
  };
}
