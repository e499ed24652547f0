// The set of passes taken back, as portal/cirqliz/control/idset.py codes it.

import { fromBase64 } from "./bytes.js";

const LOW_BITS = 31;
const ID_BITS = 64n;

/** The sorted numbers of a coded set {size, coded}. */
export function readSet({ size, coded }) {
  const bytes = fromBase64(coded);
  const numbers = new Float64Array(size);
  let at = 0;
  let number = 0;
  const bit = () => {
    if (at >= bytes.length * 8) throw new RangeError("the set is cut short");
    const found = (bytes[at >> 3] >> (7 - (at & 7))) & 1;
    at += 1;
    return found;
  };
  for (let place = 0; place < size; place += 1) {
    let high = 0;
    while (bit()) high += 1;
    let low = 0;
    for (let count = 0; count < LOW_BITS; count += 1) low = low * 2 + bit();
    number += high * 2 ** LOW_BITS + low;
    numbers[place] = number;
  }
  return numbers;
}

/** Whether the set holds an identifier (8 bytes), or one it is mistaken for: once in 2^31. */
export function holds(numbers, identifier) {
  if (numbers.length === 0) return false;
  const whole = identifier.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const wanted = Number((whole * BigInt(numbers.length)) >> (ID_BITS - BigInt(LOW_BITS)));
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted;
}
