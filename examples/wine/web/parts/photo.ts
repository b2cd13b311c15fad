// Pictures on their way into the database. What all replicas keep must be
// small: a picture is cut to a square and shrunk to 160 pixels a side, which is
// all that the classifier looks at, some five kilobytes.

export const side = 160;

/** shrink makes of a picture the base64 of a small JPEG file. */
export async function shrink(from: Blob | HTMLVideoElement): Promise<string> {
  const picture = from instanceof Blob ? await createImageBitmap(from, { imageOrientation: "from-image" }) : from;
  const [w, h] = picture instanceof ImageBitmap ? [picture.width, picture.height] : [picture.videoWidth, picture.videoHeight];
  const square = Math.min(w, h);
  const steps = [...halvings(square), side]; // by halves, as one large step leaves out most pixels
  let canvas: HTMLCanvasElement | null = null;
  for (const size of steps) {
    const next = document.createElement("canvas");
    next.width = next.height = size;
    const pen = next.getContext("2d")!;
    pen.imageSmoothingQuality = "high";
    if (canvas) pen.drawImage(canvas, 0, 0, size, size);
    else pen.drawImage(picture, (w - square) / 2, (h - square) / 2, square, square, 0, 0, size, size);
    canvas = next;
  }
  return canvas!.toDataURL("image/jpeg", 0.8).split(",")[1]!;
}

function* halvings(from: number) {
  for (let size = from >> 1; size > 1.5 * side; size >>= 1) yield size;
}

/** Camera is the camera, while it is on. */
export class Camera {
  #stream: MediaStream | null = null;
  get isOn() { return this.#stream !== null; }

  async start(): Promise<void> {
    this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  }

  /** attach shows what the camera sees in a video element. */
  attach(video: HTMLVideoElement) {
    if (this.#stream && video.srcObject !== this.#stream) {
      video.srcObject = this.#stream;
      void video.play();
    }
  }

  stop() {
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#stream = null;
  }
}
