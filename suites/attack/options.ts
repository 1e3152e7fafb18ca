import { Type } from '@sinclair/typebox';
import { type AttackingOptions, commonOptions, everyOwnOption } from '../../src/suites/attacking/options.js';
import type { Catalogue } from '../../src/suites/catalogue.js';

export type AttackOptions = AttackingOptions & { pictures: number; checks: boolean };

export const attackOptions = (catalogue: Catalogue) =>
  Type.Unsafe<AttackOptions>(
    Type.Object(
      {
        ...commonOptions(catalogue).properties,
        pictures: Type.Integer({
          minimum: 0,
          maximum: 50,
          default: 6,
          description: 'Adversarial images shown per system.',
        }),
        checks: Type.Boolean({
          default: true,
          description: 'Also run cheap checks that distinguish robustness from masked gradients and noise.',
        }),
        ...everyOwnOption(catalogue),
      },
      { additionalProperties: false },
    ),
  );
