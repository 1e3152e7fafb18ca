import { type Static, Type } from '../config/type.js';
import { eachRowProducts } from '../metrics/linear-algebra/row-products.js';
import { logSumExp } from '../metrics/softmax.js';
import { TopK } from '../metrics/top-k.js';
import { bankFit, bankOf, imagesOption, sizeOfBank, unitRowsOf } from './bank.js';
import { perFeatureRow, turned, unitRows } from './feature-rows.js';
import { LOGIT_ROUNDING, largestLogitSize } from './rounding.js';
import { featuresOf, logitsOf, type Score, statisticsOf } from './score.js';

const options = Type.Object(
  {
    k: Type.Integer({ minimum: 1, default: 100, description: 'How many guided cosines are averaged.' }),
    images: imagesOption,
  },
  { additionalProperties: false },
);

export const nnguide: Score<Static<typeof options>> = {
  id: 'nnguide',
  title: 'NNGuide',
  label: 'logsumexp times the mean of the k largest cosines to training images, times their logsumexp',
  source: 'Park et al. 2023',
  needs: ['features', 'logits'],
  options,
  grid: [1, 10, 50, 100].map((k) => ({ k })),
  shifts: true,
  fit: bankFit({ name: 'energies', shape: () => [], of: (part) => logSumExp(logitsOf(part)) }),
  compute(inputs, { k }) {
    const bank = bankOf(inputs);
    const { energies } = statisticsOf(inputs, 'energies');
    const size = sizeOfBank(bank, k);
    const { n, width } = featuresOf(inputs);
    const guides = Array.from({ length: n }, () => new TopK(k));
    const rows = unitRowsOf(bank, width, (at) => energies[at]!);
    eachRowProducts(unitRows(inputs), width, size, rows, (products, _, count) => {
      guides.forEach((own, i) => {
        for (let c = 0; c < count; c++) own.put(products[i * count + c]!);
      });
    });
    return logSumExp(logitsOf(inputs)).map((energy, i) => energy * guides[i]!.mean());
  },
  // A product: of the energy, which moves as one logit, and of the guide, energies of the bank times cosines.
  rounding(inputs, values) {
    const { energies } = statisticsOf(inputs, 'energies');
    const logits = logitsOf(inputs);
    let highest = 0;
    for (const energy of energies) highest = Math.max(highest, Math.abs(energy));
    const own = logSumExp(logits);
    return perFeatureRow(inputs, (h, i) => {
      const logit = largestLogitSize(logits, i);
      const guide = own[i] === 0 ? highest : Math.abs(values[i]! / own[i]!);
      return LOGIT_ROUNDING * (logit * guide + Math.abs(own[i]!) * highest * (1 + turned(h)));
    });
  },
};
