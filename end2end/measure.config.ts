import { defineConfig } from "@playwright/test";

import tests from "./playwright.config.ts";

/** What is measured, apart from what is tested: `HUBBUB_BIN=… npx playwright test -c measure.config.ts`. */
export default defineConfig({ ...tests, testDir: "measure", workers: 1, reporter: [["line"]] });
