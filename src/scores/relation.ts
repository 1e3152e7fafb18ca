import { type Static, Type } from '../config/type.js';
import { eachRowProducts } from '../metrics/linear-algebra/row-products.js';
import { softmax } from '../metrics/softmax.js';
import { bankFit, bankOf, imagesOption, unitRowsOf } from './bank.js';
import { perFeatureRow, turned, unitRows } from './feature-rows.js';
import { LOGIT_ROUNDING, largestLogitSize } from './rounding.js';
import { featuresOf, logitsOf, type Score, statisticsOf } from './score.js';

const options = Type.Object(
  {
    power: Type.Number({ exclusiveMinimum: 0, default: 1, description: 'Exponent of each relation.' }),
    least: Type.Number({
      minimum: 0,
      default: 0.03,
      description: 'Relations up to this do not count.',
    }),
    images: imagesOption,
  },
  { additionalProperties: false },
);

export const relation: Score<Static<typeof options>> = {
  id: 'relation',
  title: 'Relation',
  label: 'sum over training images of (cosine of features times <p, p_i>)^pow',
  source: 'Kim et al. 2023',
  needs: ['features', 'logits'],
  options,
  fit: bankFit({
    name: 'probabilities',
    shape: ({ classes }) => [classes],
    of: (part) => softmax(logitsOf(part)),
  }),
  compute(inputs, { power, least }) {
    const bank = bankOf(inputs);
    const { probabilities } = statisticsOf(inputs, 'probabilities');
    const { n, width } = featuresOf(inputs);
    const logits = logitsOf(inputs);
    const { classes } = logits;
    const p = softmax(logits);
    const sums = new Float64Array(n);
    const rows = unitRowsOf(bank, width);
    eachRowProducts(unitRows(inputs), width, bank.size[0]!, rows, (products, start, count) => {
      for (let i = 0; i < n; i++)
        for (let c = 0; c < count; c++) {
          const cosine = products[i * count + c]!;
          if (cosine <= 0) continue;
          let alike = 0;
          for (let k = 0; k < classes; k++)
            alike += p[i * classes + k]! * probabilities[(start + c) * classes + k]!;
          const related = cosine * alike;
          if (related > least) sums[i]! += power === 1 ? related : related ** power;
        }
    });
    return sums;
  },
  // A relation is at most 1, and so is what a power above 1 makes of its slope; the sum has at most `size` of them.
  rounding(inputs, values, { power }) {
    const { size } = statisticsOf(inputs, 'size');
    const logits = logitsOf(inputs);
    return perFeatureRow(inputs, (h, i) => {
      const logit = largestLogitSize(logits, i);
      return LOGIT_ROUNDING * power * (size[0]! * turned(h) + 4 * logit * values[i]!);
    });
  },
};
