import { type Static, Type } from '../config/type.js';
import { length2 } from '../metrics/linear-algebra/matrix.js';
import { eachRowProducts } from '../metrics/linear-algebra/row-products.js';
import { TopK } from '../metrics/top-k.js';
import { bankFit, bankOf, imagesOption, sizeOfBank, unitRowsOf } from './bank.js';
import { featureRounding, unitRows } from './feature-rows.js';
import { featuresOf, type Score } from './score.js';

const options = Type.Object(
  {
    k: Type.Integer({ minimum: 1, default: 50, description: 'Which neighbour the distance is to.' }),
    images: imagesOption,
  },
  { additionalProperties: false },
);

export const knn: Score<Static<typeof options>> = {
  id: 'knn',
  title: 'kNN',
  label: '-distance^2 to the k-th nearest training image, features of length 1',
  source: 'Sun et al. 2022',
  needs: ['features'],
  options,
  grid: [10, 20, 50].map((k) => ({ k })),
  fit: bankFit(),
  compute(inputs, { k }) {
    const statistics = bankOf(inputs);
    const size = sizeOfBank(statistics, k);
    const { n, width } = featuresOf(inputs);
    const units = unitRows(inputs);
    const nearest = Array.from({ length: n }, () => new TopK(k));
    const rows = unitRowsOf(statistics, width);
    eachRowProducts(units, width, size, rows, (products, start, count) => {
      nearest.forEach((own, i) => {
        let { least } = own;
        for (let c = 0; c < count; c++) {
          if (!(products[i * count + c]! > least)) continue;
          own.put(products[i * count + c]!, start + c);
          least = own.least;
        }
      });
    });
    const other = new Float64Array(width);
    // From the difference: 2 - 2 cos would lose the digits of near neighbours.
    return Float64Array.from(nearest, ({ leastTag }, i) => {
      rows(leastTag, 1, other);
      let square = 0;
      for (let j = 0; j < width; j++) square += (units[i * width + j]! - other[j]!) ** 2;
      return -square;
    });
  },
  // d^2 moves by at most 2 d times the way of the image, and as much for the neighbour; |.|_1 <= sqrt(width) |.|_2.
  rounding: (inputs, values) =>
    featureRounding(inputs, values, (h, i) => {
      const length = length2(h);
      return length === 0 ? 0 : (4 * Math.sqrt(h.length * -values[i]!)) / length;
    }),
};
