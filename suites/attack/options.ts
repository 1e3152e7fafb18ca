import { type AttackingOptions, attackingOptions, optionsOfEveryAttack } from '../../src/attack.js';
import type { ProvedParams } from '../../src/measurements.js';
import { type Catalogue, oneOf, Type } from '../../src/suite.js';

type Method = ProvedParams['method'];

export type AttackOptions = AttackingOptions & { pictures: number; checks: boolean; certify?: Method };

const methods: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];

export const attackOptions = (catalogue: Catalogue) =>
  Type.Unsafe<AttackOptions>(
    Type.Object(
      {
        ...attackingOptions(catalogue).properties,
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
        certify: Type.Optional(
          oneOf(methods, {
            description:
              'Linf and L2: examples that these bounds prove robust at a radius are not attacked there. Verdicts stay, passes are saved, and robust accuracy gets a lower side; see docs/certified.md. Default: everything is attacked.',
          }),
        ),
        ...optionsOfEveryAttack(catalogue),
      },
      { additionalProperties: false },
    ),
  );
