// Says which sources the built pages are of, so that a test can tell when they were changed and not built again.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const stamp = fileURLToPath(new URL("../plugins/web/static/sources.sha256", import.meta.url));

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules") return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

const digest = createHash("sha256");
const named = files(here).map((path) => [relative(here, path).split(sep).join("/"), path]);
named.sort(([a], [b]) => (a < b ? -1 : 1));
for (const [name, path] of named) {
  digest.update(name + "\0").update(readFileSync(path)).update("\0");
}
writeFileSync(stamp, digest.digest("hex"));
