import { Type } from '../config/type.js';

/**
 * Options of SGLD as run files have them: `SgldOptions`, with the defaults of the JEM paper and its code.
 * @param model whose input gives the units, in descriptions
 */
export const sgldOptionsOf = (model: string) => ({
  stepSize: Type.Number({
    minimum: 0,
    default: 1,
    description: `SGLD step size, in units of ${model}'s own input.`,
  }),
  noise: Type.Number({
    minimum: 0,
    default: 0.01,
    description: `Noise per SGLD step, in units of ${model}'s own input.`,
  }),
  temperature: Type.Number({
    exclusiveMinimum: 0,
    default: 1,
    description: 'Divides the gradient: above 1 the density that is drawn from is flatter.',
  }),
  clip: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      description: `Longer gradients are cut to this Euclidean norm, in units of ${model}'s own input. Default: none is.`,
    }),
  ),
  clamp: Type.Union([Type.Literal('none'), Type.Literal('box')], {
    default: 'none',
    description: 'none lets chains leave [0, 1], as the public JEM code does; box clips every step.',
  }),
});

/** Those of chains up the density of the model that is measured. */
export const sgldOptions = sgldOptionsOf('the model');
