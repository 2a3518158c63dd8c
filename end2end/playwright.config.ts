import { defineConfig } from "@playwright/test";

// Each test starts its own server (people.ts), so nothing is shared and nothing needs cleaning up.
export default defineConfig({
    testDir: "tests",
    timeout: 40_000,
    expect: { timeout: 10_000 },
    workers: 2,
    retries: 0,
    forbidOnly: true,
    reporter: [["list"], ["json"]],
    outputDir: "test-results",
    use: {
        viewport: { width: 1280, height: 800 },
        launchOptions: {
            ...(process.env.HUBBUB_CHROMIUM ? { executablePath: process.env.HUBBUB_CHROMIUM } : {}),
            args: [
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        },
    },
});
