/** A picture, a film, a sound and a document for people on simulated phones who bring none of their own. */

const picture =
  "/9j/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAARCAB4AHgDASIAAhEBAxEB/8QAGgABAQEAAwEAAAAAAAAAAAAAAAUGAQMEAv/EACsQAAICAQMDAwMEAwAAAAAAAAABAgMEBREhEkFhUXHBBiNSFmKRoTRy4f/EABkBAQADAQEAAAAAAAAAAAAAAAABAgMEBf/EAB4RAQEBAAIDAQEBAAAAAAAAAAABAgMREjFBITJC/9oADAMBAAIRAxEAPwDSgAxXAAAAAAAAAAAAAAAAAAAAAAAAD4turoh12zjCPq2ePUtShhR6Y7Sua4XZeWZu++3Isc7puUvPYvM9st8sz+Rft17Gg9q4zs87bI6P1Ct/8Z7f7/8ACGC/hGF5ttHVr2NN7WRnX523RRqurvh1VTjOPqmYs7KL7cexTpm4y8dyLifFs89+tmDwabqUM2PRLaNyXK7Pyj3mdnTplmp3AAEJAAAAAA6M3JjiY07ZctcRXqzvIP1Fe3bVQnxFdT92WzO6pvXjntItslbZKyx9UpPds+QDZwgAAAAD6qslVZGyt9MovdM12Fkxy8aFseG+GvRmPLP07e1bbQ3xJdS90V3Pxtw6610vAAxdYAAAAAGX1tt6navRRX9I1BmtercNQ6u04p/HwXx7Y8/8poANXIAAAAAB79EbWp1L1Ul/TPAUtBrc9Q6u0It/HyRfS2P6jSgAwd4AAAAAEvXcV3Yqtit5Vcv27lQNJpprdMmXqo1nynTEAoarp0sSx2VpumT4f4+Ceby9uDUub1QABAAABo9CxXTiu2S2lbyvbsTNK06WXYrLE1RF8v8ALwadJJJJbJGe78dHDj/VAAZukAAAAAAABxKMZxcZJSi+Gn3IuZoSbc8SSX7JfDLYJlsV1ia9sfdhZNL+5RNedt1/J0bPfbZ7m3BfzY3gnysfVhZNz+3RN+dtl/JVw9CSanlyT/ZH5ZbBF3atnhzPbiMYwioxSjFcJLscgFGwAAAAAyQAMHogAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP/9k=";

const samples = {
  image: () => Buffer.from(picture, "base64"),
  /** the head of a film and nothing in it */
  video: () => Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from("ftypmp42\0\0\0\0", "latin1")]),
  /** a second of silence, eight thousand samples of one byte */
  audio: () => {
    const head = Buffer.alloc(44);
    head.write("RIFF", 0, "latin1");
    head.writeUInt32LE(8_036, 4);
    head.write("WAVEfmt ", 8, "latin1");
    for (const [at, value] of [
      [16, 16],
      [24, 8_000],
      [28, 8_000],
      [40, 8_000],
    ] as const)
      head.writeUInt32LE(value, at);
    for (const [at, value] of [
      [20, 1],
      [22, 1],
      [32, 1],
      [34, 8],
    ] as const)
      head.writeUInt16LE(value, at);
    head.write("data", 36, "latin1");
    return Buffer.concat([head, Buffer.alloc(8_000, 128)]);
  },
  file: () => Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
};

export type Sample = keyof typeof samples;

export const sampleFile = (kind: Sample): Buffer => samples[kind]();
