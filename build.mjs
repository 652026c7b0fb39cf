// Builds assets/dist/ui: app.js, theme.js, app.css, fonts, the brand mark and the icon sprite.
// The output depends on the sources and package-lock.json only, so that two builds are equal byte for byte.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build, context } from "esbuild";

const OUTPUT = "assets/dist/ui";
const ICON_LIST = "assets/icons.txt";
const ICON_FOLDER = "node_modules/@tabler/icons/icons/outline";

const bundles = {
  entryPoints: [
    { in: "assets/js/app.js", out: "app" },
    { in: "assets/js/theme.js", out: "theme" },
    { in: "assets/css/app.css", out: "app" },
  ],
  outdir: OUTPUT,
  assetNames: "fonts/[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome111", "firefox114", "safari16.4"],
  loader: { ".woff2": "file" },
  legalComments: "linked",
  logLevel: "info",
};

/** The names in assets/icons.txt: one a line, `#` starts a comment. */
function iconNames() {
  return readFileSync(ICON_LIST, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter(Boolean);
}

/** One Tabler icon as a <symbol>: the drawing only, without its invisible bounding box. */
function symbol(name) {
  const source = readFileSync(`${ICON_FOLDER}/${name}.svg`, "utf8");
  const [, body] = source.match(/<svg[^>]*>([\s\S]*)<\/svg>/);
  const drawing = body.replace(/<path stroke="none"[^>]*\/>/, "").replace(/\s+/g, " ").trim();
  return (
    `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" ` +
    `stroke-linecap="round" stroke-linejoin="round">${drawing}</symbol>`
  );
}

function writeSprite() {
  const symbols = [...new Set(iconNames())].sort().map(symbol);
  writeFileSync(
    `${OUTPUT}/icons.svg`,
    `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`,
  );
}

const pictures = {
  name: "pictures",
  setup(bundle) {
    bundle.onStart(() => {
      writeSprite();
      copyFileSync("assets/brand.svg", `${OUTPUT}/brand.svg`);
    });
  },
};

rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(OUTPUT, { recursive: true });
if (process.argv.includes("--watch")) {
  const watcher = await context({ ...bundles, plugins: [pictures] });
  await watcher.watch();
} else {
  await build({ ...bundles, plugins: [pictures] });
}
