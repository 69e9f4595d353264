/** What a file is, read from its own first bytes and boxes: the platforms' look at what they were given. */

export type Bytes = {
  bytes: number;
  /** fewer than asked for at the end of the file */
  at(start: number, length: number): Buffer;
};

export type Looks = { mime: string; width: number | null; height: number | null; durationMs: number | null };

const nothing = { width: null, height: null, durationMs: null };

export function looksLike(file: Bytes): Looks {
  const head = file.at(0, 64);
  const ascii = (start: number, end: number) => head.toString("latin1", start, end);
  if (head.length > 24 && head.toString("hex", 0, 8) === "89504e470d0a1a0a") {
    return {
      ...nothing,
      mime: "image/png",
      width: head.readUInt32BE(16),
      height: head.readUInt32BE(20),
    };
  }
  if (head.length > 10 && /^GIF8[79]a$/.test(ascii(0, 6))) {
    return { ...nothing, mime: "image/gif", width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
  }
  if (head.length > 3 && head.readUInt16BE(0) === 0xffd8) {
    return { ...nothing, mime: "image/jpeg", ...jpegSize(file) };
  }
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WEBP")
    return { ...nothing, mime: "image/webp", ...webpSize(head) };
  if (ascii(0, 2) === "BM") return { ...nothing, mime: "image/bmp" };
  if (/^(II\*\0|MM\0\*)$/.test(ascii(0, 4))) return { ...nothing, mime: "image/tiff" };
  if (ascii(0, 5) === "%PDF-") return { ...nothing, mime: "application/pdf" };
  if (head.length > 3 && head.readUInt32BE(0) === 0x1a45dfa3) return { ...nothing, mime: "video/webm" };
  if (ascii(4, 8) === "ftyp") {
    const mime = ascii(8, 12) === "qt  " ? "video/quicktime" : "video/mp4";
    return { mime, ...movie(file) };
  }
  return { ...nothing, mime: "application/octet-stream" };
}

/** Walks the segments to the one that holds the size (SOF0…SOF15, without DHT, JPG and DAC). */
function jpegSize(file: Bytes): { width: number | null; height: number | null } {
  let at = 2;
  while (at + 9 < file.bytes) {
    const segment = file.at(at, 9);
    const marker = segment.readUInt16BE(0);
    if (marker < 0xff00) break;
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7) };
    }
    at += 2 + segment.readUInt16BE(2);
  }
  return { width: null, height: null };
}

function webpSize(head: Buffer): { width: number | null; height: number | null } {
  switch (head.toString("latin1", 12, 16)) {
    case "VP8 ":
      return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case "VP8L": {
      const bits = head.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return { width: null, height: null };
  }
}

type Box = { type: string; start: number; end: number };

/** Duration from `mvhd`, size from the first `tkhd` that has one (ISO/IEC 14496-12). */
function movie(file: Bytes): Omit<Looks, "mime"> {
  const moov = boxes(file, 0, file.bytes).find(({ type }) => type === "moov");
  if (moov === undefined) return nothing;
  const inside = boxes(file, moov.start, moov.end);
  const mvhd = inside.find(({ type }) => type === "mvhd");
  let durationMs: number | null = null;
  if (mvhd !== undefined) {
    const body = file.at(mvhd.start, 32);
    const long = body[0] === 1;
    const scale = body.readUInt32BE(long ? 20 : 12);
    const length = long ? Number(body.readBigUInt64BE(24)) : body.readUInt32BE(16);
    durationMs = scale === 0 ? null : Math.round((length * 1_000) / scale);
  }
  for (const track of inside.filter(({ type }) => type === "trak")) {
    const tkhd = boxes(file, track.start, track.end).find(({ type }) => type === "tkhd");
    if (tkhd === undefined) continue;
    const size = file.at(tkhd.end - 8, 8);
    const [width, height] = [size.readUInt32BE(0) / 65_536, size.readUInt32BE(4) / 65_536];
    if (width > 0 && height > 0) return { width, height, durationMs };
  }
  return { ...nothing, durationMs };
}

function boxes(file: Bytes, from: number, to: number): Box[] {
  const found: Box[] = [];
  let at = from;
  while (at + 8 <= to) {
    const head = file.at(at, 16);
    let length = head.readUInt32BE(0);
    let header = 8;
    if (length === 1) {
      length = Number(head.readBigUInt64BE(8));
      header = 16;
    } else if (length === 0) length = to - at;
    if (length < header) break;
    found.push({ type: head.toString("latin1", 4, 8), start: at + header, end: Math.min(at + length, to) });
    at += length;
  }
  return found;
}
