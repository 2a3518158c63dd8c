import { defineConfig } from "@playwright/test";

import tests from "./playwright.config.ts";

/** Measurements, separate from the tests: `HUBBUB_BIN=… npx playwright test -c measure.config.ts`. */
export default defineConfig({ ...tests, testDir: "measure", workers: 1, reporter: [["line"]] });
