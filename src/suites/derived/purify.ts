import { Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import { PurifyOptions } from '../../models/defences/purify-options.js';
import { request } from '../contract.js';
import { purifiedImages } from '../measurements/purified-images.js';
import type { MeasuredDerivation } from './measured.js';

const {
  preset: _preset,
  chains: _chains,
  gradient: _followed,
  seed: _drawn,
  ...properties
} = PurifyOptions.properties;
const Options = Type.Object(properties, {
  additionalProperties: false,
  description: 'Where a chain of SGLD up log p(x) ends that starts at the image.',
});

export const purify: MeasuredDerivation<typeof Options> = {
  kind: 'measurement',
  name: 'purify',
  version: 2,
  title: 'SGLD purification, the images',
  source: 'Grathwohl et al. 2019, section 5.4',
  options: Options,
  system: 'by',
  describe: ({ by, steps }) => `purified by ${by}, ${steps} step${steps === 1 ? '' : 's'} of SGLD`,
  check(_options, { name, stochastic }) {
    if (!stochastic) return;
    throw new AssayError('config-invalid', `"${name}" cannot purify`, {
      path: 'by',
      expected: 'a bare model with log p(x) and its gradient',
      found: 'a stochastic system',
      hint: 'name the model behind the defence',
    });
  },
  request: ({ by: _by, ...params }, { name: system }, dataset) =>
    request({ measurement: purifiedImages, system, dataset, params }),
};
