import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BufferTarget, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from "mediabunny";
import sharp from "sharp";
import type { MediaDto } from "@/lib/media/schema";
import type { MediaFile, MediaKind } from "@/lib/platforms/contract";
import type { PersonAtApp } from "./people";

/** Real files made on the spot, and a place on the web where platforms may fetch them. */

type Size = { width?: number; height?: number };

/** A picture with some detail in it. `metadata`: with GPS and a camera's name in its EXIF. */
export async function picture(
  format: "jpeg" | "png" | "webp" | "gif" | "tiff",
  { width = 1080, height = 1080, metadata = false }: Size & { metadata?: boolean } = {},
): Promise<Buffer> {
  const drawing = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
      <rect width="100%" height="100%" fill="#1d6b5c"/>
      <circle cx="50%" cy="45%" r="30%" fill="#efe6cf"/><path d="M0 ${height} L${width} ${height / 2} V${height} Z" fill="#0d3b32"/>
    </svg>`,
  );
  const image = sharp(drawing).flatten({ background: "#1d6b5c" });
  if (metadata) {
    image.withExif({
      IFD0: { Make: "CNRYCamera" },
      IFD3: {
        GPSLatitudeRef: "N",
        GPSLatitude: "52/1 31/1 0/1",
        GPSLongitudeRef: "E",
        GPSLongitude: "13/1 24/1 0/1",
      },
    });
  }
  return image.toFormat(format).toBuffer();
}

/** An animated GIF. */
export async function animation({
  width = 320,
  height = 240,
  frames = 3,
}: Size & { frames?: number } = {}): Promise<Buffer> {
  const colours = ["#1d6b5c", "#efe6cf", "#0d3b32"];
  const pages = await Promise.all(
    Array.from({ length: frames }, (_, nth) =>
      sharp({ create: { width, height, channels: 3, background: colours[nth % colours.length] ?? "#fff" } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(pages, { join: { animated: true } })
    .gif({ delay: 100 })
    .toBuffer();
}

/** An MP4 whose container is right and whose frames are nonsense: nobody here plays it. `bytes`: at least so long. */
export async function video({
  seconds = 5,
  width = 1080,
  height = 1920,
  bytes = 0,
}: Size & { seconds?: number; bytes?: number } = {}): Promise<Buffer> {
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: "in-memory" }),
    target: new BufferTarget(),
  });
  const source = new EncodedVideoPacketSource("avc");
  output.addVideoTrack(source, { frameRate: 30 });
  await output.start();
  const frames = Math.max(1, Math.round(seconds * 2));
  const size = Math.max(200, Math.ceil(bytes / frames));
  for (let nth = 0; nth < frames; nth += 1) {
    const packet = new EncodedPacket(
      new Uint8Array(size).fill(nth),
      nth === 0 ? "key" : "delta",
      nth / 2,
      1 / 2,
    );
    await source.add(
      packet,
      nth === 0 ? { decoderConfig: { ...h264, codedWidth: width, codedHeight: height } } : undefined,
    );
  }
  await output.finalize();
  return Buffer.from(output.target.buffer ?? new ArrayBuffer(0));
}

/** The smallest document that readers open. */
export const pdf = (): Buffer =>
  Buffer.from(
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
      "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
  );

/** Puts a file into a person's library, as the form of a page does. */
export async function uploadFile(person: PersonAtApp, bytes: Buffer, filename: string): Promise<MediaDto> {
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(bytes)]), filename);
  const response = await person.fetch("/api/media", { method: "POST", body: form });
  const words = await response.text();
  if (response.status !== 201) throw new Error(`Not uploaded: ${response.status} ${words}`);
  // safe: the route's own shape
  return JSON.parse(words) as MediaDto;
}

export type FileServer = {
  url: string;
  /** A file as a provider gets it; its address answers until `stop`. */
  file(bytes: Buffer, about: { mimeType: string } & Partial<MediaFile>): MediaFile;
  stop(): Promise<void>;
};

/** Serves files to the sandbox, which fetches them as a platform would. */
export async function serveFiles(): Promise<FileServer> {
  const files = new Map<string, { bytes: Buffer; mimeType: string }>();
  const server = createServer((request, response) => {
    const found = files.get(request.url ?? "");
    response.writeHead(found ? 200 : 404, { "content-type": found?.mimeType ?? "text/plain" });
    response.end(found?.bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // safe: a server that listens on a port has an address of this kind
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    file(bytes, { mimeType, ...about }) {
      const [type = "", subtype = ""] = mimeType.split("/");
      const path = `/${files.size}.${subtype}`;
      files.set(path, { bytes, mimeType });
      const kind: MediaKind =
        mimeType === "image/gif" ? "gif" : type === "image" || type === "video" ? type : "document";
      return {
        kind,
        mimeType,
        filename: path.slice(1),
        bytes: bytes.byteLength,
        width: null,
        height: null,
        durationMs: null,
        alt: "",
        url: `${url}${path}`,
        async *open(start = 0, end = bytes.byteLength) {
          for (let at = start; at < end; at += 65_536) yield bytes.subarray(at, Math.min(end, at + 65_536));
        },
        ...about,
      };
    },
    stop: () =>
      new Promise<void>((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}

const parameterSets = {
  sps: [0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x47, 0xfe, 0xc8],
  pps: [0x68, 0xce, 0x38, 0x80],
};

/** H.264 baseline, told with the least a decoder wants to hear. */
const h264 = {
  codec: "avc1.42c01e",
  description: Uint8Array.from([
    ...[1, 0x42, 0xc0, 0x1e, 0xff],
    ...[0xe1, 0, parameterSets.sps.length, ...parameterSets.sps],
    ...[1, 0, parameterSets.pps.length, ...parameterSets.pps],
  ]),
};
