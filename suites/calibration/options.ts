import { type Catalogue, oneOf, type Static, Type } from '../../src/suite.js';
import { furtherOptions } from './further-options.js';
import { underOption } from './under-attack.js';

/** What can be chosen in a run file. */
export const calibrationOptions = (catalogue: Catalogue) =>
  Type.Object(
    {
      bins: Type.Integer({ minimum: 1, maximum: 1000, default: 15, description: 'bins of confidence' }),
      fitOn: Type.Optional(
        Type.String({
          description:
            'the validation set that the temperature is fitted on; default: the first, or a part of the test set',
        }),
      ),
      fitShare: Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.5,
        description: 'share of the test set that the temperature is fitted on, without a validation set',
      }),
      recalibrators: Type.Array(Type.Unsafe<string>(oneOf(catalogue.recalibrators.names)), {
        uniqueItems: true,
        default: ['temperature'],
        description: 'what is fitted beside the temperature, which always is, and compared',
      }),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'bootstrap resamples' }),
      ...furtherOptions,
      under: underOption(catalogue),
    },
    { additionalProperties: false },
  );
export type Options = Static<ReturnType<typeof calibrationOptions>>;
