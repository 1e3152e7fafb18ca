import type { Static, TObject } from '../../config/type.js';
import { Registry } from '../../registry.js';
import type { System, SystemInfo } from '../system.js';
import { type Described, describePurified } from './describe-purified.js';
import { describeNoisy, NoiseOptions, NoisySystem } from './noise.js';
import { PurifiedSystem } from './purification.js';
import { PurifyOptions } from './purify-options.js';
import { describeSmoothed, SmoothedSystem, SmoothOptions } from './smooth.js';

/** A defence: something that makes a system of a system. */
export interface Defence {
  /** Its key in the run file. */
  name: string;
  title: string;
  source: string;
  options: TObject;
  /** Models that options name, by the option. */
  models(options: unknown): Readonly<Record<string, string>>;
  /** The info that `wrap` gives its system, from descriptions alone. Errors: as `wrap`. */
  describe(
    system: Described,
    options: unknown,
    lookup: (name: string) => Described,
    name: string,
  ): SystemInfo;
  /**
   * `options` have been checked against the schema, with defaults filled in. `lookup` finds the models of the run
   * and throws `unknown-name`. `name` is what reports call the new system.
   * Errors: `config-invalid` when the pieces do not fit.
   */
  wrap(system: System, options: unknown, lookup: (name: string) => System, name?: string): System;
}

interface Row<S extends TObject> extends Omit<Defence, 'wrap' | 'options' | 'models' | 'describe'> {
  options: S;
  models(options: Static<S>): Readonly<Record<string, string>>;
  describe(
    system: Described,
    options: Static<S>,
    lookup: (name: string) => Described,
    name: string,
  ): SystemInfo;
  wrap(system: System, options: Static<S>, lookup: (name: string) => System, name: string): System;
}

/** A defence whose functions get the options that its schema describes. */
export function defineDefence<S extends TObject>({ wrap, models, describe, ...rest }: Row<S>): Defence {
  return {
    ...rest,
    models: (options) => models(options as Static<S>),
    describe: (system, options, lookup, name) => describe(system, options as Static<S>, lookup, name),
    wrap: (system, options, lookup, name = `${system.info.name}-${rest.name}`) =>
      wrap(system, options as Static<S>, lookup, name),
  };
}

const rows: Defence[] = [
  defineDefence({
    name: 'purify',
    title: 'SGLD purification',
    source: 'Grathwohl et al. 2019, section 5.4',
    options: PurifyOptions,
    models: ({ by }) => ({ by }),
    describe: (system, options, lookup, name) => describePurified(system, lookup(options.by), options, name),
    wrap: (system, options, lookup, name) => new PurifiedSystem(system, lookup(options.by), options, name),
  }),
  defineDefence({
    name: 'noise',
    title: 'Gaussian noise on every image',
    source: 'Grathwohl et al. 2019, their code (eval_wrn_ebm.py, --sigma)',
    options: NoiseOptions,
    models: () => ({}),
    describe: (system, options, _lookup, name) => describeNoisy(system, options, name),
    wrap: (system, options, _lookup, name) => new NoisySystem(system, options, name),
  }),
  defineDefence({
    name: 'smooth',
    title: 'Randomised smoothing',
    source: 'Cohen et al. 2019; Salman et al. 2019',
    options: SmoothOptions,
    models: () => ({}),
    describe: (system, options, _lookup, name) => describeSmoothed(system, options, name),
    wrap: (system, options, _lookup, name) => new SmoothedSystem(system, options, name),
  }),
];

/** Every defence that comes with Assay. */
export const defences = Registry.of('defence', rows);
