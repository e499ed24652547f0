// The camera, and the reading of codes: the browser's own reader when it knows QR codes, zxing otherwise.

const EVERY_MS = 80;
const WANTED = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };

let reading;

/** Get the reader ready while there is a network: the page's worker keeps what it is made of. */
export function prepareReader(reader, wasm) {
  reading ??= ownReader().then((own) => own ?? downloadedReader(reader, wasm));
  // A failure (no network, first time) is tried again at the next scan.
  reading.catch(() => {
    reading = undefined;
  });
  return reading;
}

async function ownReader() {
  if (!("BarcodeDetector" in globalThis)) return null;
  const formats = await BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video)).map(({ rawValue }) => rawValue);
}

async function downloadedReader(address, wasm) {
  const { prepareZXingModule, readBarcodes } = await import(address);
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const options = { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 };
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    pen.drawImage(video, 0, 0);
    const found = await readBarcodes(pen.getImageData(0, 0, canvas.width, canvas.height), options);
    return found.map(({ text }) => text);
  };
}

/** Show the camera in the video until a code is read; {found: promise of its text or null, stop, torch}. */
export async function scan(video, read) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: WANTED });
  video.srcObject = stream;
  await video.play();
  const [track] = stream.getVideoTracks();
  let going = true;
  const stop = () => {
    going = false;
    track.stop();
    video.srcObject = null;
  };
  const look = async () => {
    while (going) {
      const [text] = await read(video);
      if (text !== undefined) return text;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    return null;
  };
  const hasTorch = Boolean(track.getCapabilities?.().torch);
  return {
    found: look().finally(stop),
    stop,
    torch: hasTorch ? (on) => track.applyConstraints({ advanced: [{ torch: on }] }) : null,
  };
}
