import { type SchemaOptions, Type } from '../config/type.js';

/** The schema of an option that is one of several names. */
export const oneOf = (names: Iterable<string>, rest: SchemaOptions = {}) =>
  Type.Union(
    [...names].map((name) => Type.Literal(name)),
    rest,
  );
