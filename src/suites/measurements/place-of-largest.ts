/** The place of the largest number, the first of equal ones. NaN is less than all: of nothing else, the last place. */
export const placeOfLargest = (values: Float64Array): number =>
  values.reduce((best, value, at) => (value > values[best]! || Number.isNaN(values[best]) ? at : best), 0);
