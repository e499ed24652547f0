// What a scanned code says, if one of our keys signed it. The other half is portal/cirqliz/tokens.

import { fromBase32, fromBase64, toHex } from "./bytes.js";
import { readArray } from "./cbor.js";

const SIGNATURE_BYTES = 64;
const TOKEN = /^[A-Z2-7]{140,220}$/;
const PLATE = /^[A-Z0-9]{2,12}$/;
const MOST_REFERENCES = 6;
const MINUTE_MS = 60_000;
const FIRST_LAYOUT_HEAD = 23;

export const REAL = 0;
export const TRAINING = 1;

/** The token of a scanned text: the last part of our address, or the bare token; "" when it cannot be one. */
export function tokenIn(text) {
  const last = text.trim().replace(/^.*\/V\//i, "");
  return TOKEN.test(last) ? last : "";
}

/** Keys ready to check signatures, from their 32 bytes in base 64, each under the byte that names it. */
export async function importKeys(letters) {
  const keys = [];
  for (const raw of letters.map(fromBase64)) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
    keys.push({ id: digest[0], key: await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]) });
  }
  return keys;
}

/**
 * What a token says: {tokenId (bytes), starts, ends (ms), territory (hex), plate, references (hex), kind}.
 * Null unless one of the keys of its kind signed exactly these bytes. keys: {0: of passes, 1: of training}.
 */
export async function openToken(keys, text) {
  const sealed = TOKEN.test(text) ? fromBase32(text) : null;
  if (sealed === null || sealed.length <= SIGNATURE_BYTES + 4) return null;
  const content = sealed.slice(0, -SIGNATURE_BYTES);
  const signature = sealed.slice(-SIGNATURE_BYTES);
  for (const kind of [REAL, TRAINING]) {
    for (const { id, key } of keys[kind]) {
      if (id === keyOf(content) && (await crypto.subtle.verify("Ed25519", key, signature, content))) {
        const said = read(content);
        return said !== null && said.kind === kind ? said : null;
      }
    }
  }
  return null;
}

function keyOf(content) {
  if (content[0] === 1) return content[1];
  if (content[0] !== 0x8a || content[1] !== 2) return -1;
  return content[2] === 0x18 ? content[3] : content[2];
}

function read(content) {
  try {
    return content[0] === 1 ? firstLayout(content) : secondLayout(content);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}

function firstLayout(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const length = view.getUint8(14) * 65536 + view.getUint16(15);
  const plate = new TextDecoder().decode(content.subarray(FIRST_LAYOUT_HEAD));
  if (content[FIRST_LAYOUT_HEAD - 1] !== plate.length) throw new RangeError("not this layout");
  return said(content.slice(2, 10), view.getUint32(10), length, content.slice(18, 22), plate, new Uint8Array(), REAL);
}

function secondLayout(content) {
  const [, , tokenId, start, length, , territory, plate, references, kind, ...more] = readArray(content);
  if (more.length > 0 || kind === undefined) throw new RangeError("not this layout");
  return said(tokenId, start, length, territory, plate, references, kind);
}

function said(tokenId, startMin, lengthMin, territory, plate, references, kind) {
  const starts = startMin * MINUTE_MS;
  const fits = tokenId.length === 8 && territory.length === 4 && PLATE.test(plate) && lengthMin > 0;
  if (!fits || references.length % 4 !== 0 || references.length > 4 * MOST_REFERENCES) throw new RangeError("no token");
  const letters = toHex(references).match(/.{8}/g) ?? [];
  return {
    tokenId, starts, ends: starts + lengthMin * MINUTE_MS, territory: toHex(territory), plate, references: letters, kind,
  };
}
