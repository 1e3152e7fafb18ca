/**
 * Chains as the literature runs them, in units of an input in [-1, 1]; `chains` is what one answer averages. Defences and
 * suites that purify take the same rows.
 */
export const purificationPresets = {
  'jem-0': jem(0),
  'jem-1': jem(1),
  'jem-10': jem(10),
  // Their x <- x - grad U(x) + 0.01 n: in the code eps^2 / 2 is in the temperature, which makes the step 1.
  'ebm-defense': { steps: 1500, stepSize: 1, noise: 0.01, inputNoise: 0, chains: 15, clamp: 'none' },
} as const;

/** Grathwohl et al. 2019, section 5.4 and their code. */
function jem<K extends number>(steps: K) {
  return { steps, stepSize: 1, noise: 0.01, inputNoise: 0.03, chains: 5, clamp: 'none' } as const;
}

export const presetDescription =
  'Chains of a paper, for what is not written here: jem-0, jem-1, jem-10 (Grathwohl et al. 2019: so many steps, 5 chains, input noise 0.03) or ebm-defense (Hill et al. 2021: 1,500 steps, 15 chains, no input noise). Both are made for an input in [-1, 1].';
