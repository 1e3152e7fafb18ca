import { PRESETS } from '../../config/presets.js';
import { type Static, Type } from '../../config/type.js';
import { sgldOptionsOf } from '../../sampling/sgld-options.js';
import { presetDescription, purificationPresets } from './presets.js';

const { stepSize, noise, clamp } = sgldOptionsOf('the purifying model');

/** The chain, as the JEM paper sets it (Grathwohl et al. 2019, section 5.4 and their code). */
export const chainOptions = {
  stepSize,
  noise,
  inputNoise: Type.Number({
    minimum: 0,
    default: 0.03,
    description: "Noise added before the first step, in units of the purifying model's own input.",
  }),
  chains: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 5,
    description: 'Chains whose logits are averaged.',
  }),
  clamp,
};

/** What an attacker has of the chains: not what they do to an image. */
export const attackedOptions = {
  gradient: Type.Union([Type.Literal('straight-through'), Type.Literal('full')], {
    default: 'straight-through',
    description:
      'What attacks follow. straight-through takes the chains for the identity (BPDA, as the public JEM code does); full goes back through every step, at three gradient passes a step instead of one, and up to four in chains of more than 32.',
  }),
  seed: Type.Union([Type.Literal('fresh'), Type.Literal('fixed')], {
    default: 'fresh',
    description:
      'fresh draws the noise of every visit anew; fixed draws that of an image once, which an attacker who knows the seed then knows.',
  }),
};

export const PurifyOptions = Type.Object(
  {
    by: Type.String({ minLength: 1, description: 'Name of the model whose log p(x) is climbed.' }),
    preset: Type.Optional(
      Type.Union(
        Object.keys(purificationPresets).map((name) => Type.Literal(name)),
        { description: presetDescription },
      ),
    ),
    steps: Type.Integer({ minimum: 0, maximum: 100_000, default: 10, description: 'SGLD steps.' }),
    ...chainOptions,
    ...attackedOptions,
  },
  {
    additionalProperties: false,
    description: 'SGLD purification before classification.',
    [PRESETS]: [{ option: 'preset', rows: purificationPresets }],
  },
);
export type PurifyOptions = Static<typeof PurifyOptions>;
