import { Type } from '@sinclair/typebox';
import { type AttackingOptions, Common, own } from '../../src/suites/attacking/options.js';

export type AttackOptions = AttackingOptions & { pictures: number; checks: boolean };

export const AttackOptions = Type.Unsafe<AttackOptions>(
  Type.Object(
    {
      ...Common.properties,
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
      ...own,
    },
    { additionalProperties: false },
  ),
);
