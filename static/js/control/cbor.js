// The few kinds of CBOR (RFC 8949) that a token is made of, in their one deterministic form: whole numbers, bytes,
// texts, and one array of them. Anything else is refused.

const WHOLE = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MOST_ITEMS = 64;

/** Items of the array that the bytes are. Throws RangeError for anything else, or for what could be written shorter. */
export function readArray(bytes) {
  const source = { bytes, at: 0 };
  const [kind, count] = head(source);
  if (kind !== ARRAY || count > MOST_ITEMS) throw new RangeError("not an array");
  const items = Array.from({ length: count }, () => item(source));
  if (source.at !== bytes.length) throw new RangeError("more than an array");
  return items;
}

function item(source) {
  const [kind, argument] = head(source);
  if (kind === WHOLE) return argument;
  if (kind !== BYTES && kind !== TEXT) throw new RangeError("another kind");
  const content = take(source, argument);
  return kind === BYTES ? content : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
}

function head(source) {
  const [first] = take(source, 1);
  const kind = first >> 5;
  const short = first & 31;
  if (short < 24) return [kind, short];
  if (short > 26) throw new RangeError("too long");
  const size = 1 << (short - 24);
  const argument = take(source, size).reduce((number, byte) => number * 256 + byte, 0);
  if (argument < [24, 256, 65536][short - 24]) throw new RangeError("could be shorter");
  return [kind, argument];
}

function take(source, size) {
  if (source.at + size > source.bytes.length) throw new RangeError("cut short");
  source.at += size;
  return source.bytes.subarray(source.at - size, source.at);
}
