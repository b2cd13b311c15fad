import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  optimizeDeps: { exclude: ["martinelli"] }, // it finds worker.js and page.wasm beside itself
  build: { target: "es2022" },
  worker: { format: "es" },
  server: { proxy: { "/v1": { target: "http://127.0.0.1:7070", ws: true } } },
});
