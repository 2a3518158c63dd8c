//! A data folder, a server over it, and the commands of its operator.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A temporary folder with a data folder and an operator's other files.
pub struct Home(TempDir);

/// A running server.
pub struct Serving {
    pub process: Child,
    addr: String,
}

impl Home {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env("HUBBUB_DATA", self.at("data"))
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, settings: &[&str]) -> Serving {
        self.start(self.command(&[&["serve", "--addr", "127.0.0.1:0"], settings].concat()))
    }

    pub fn start(&self, mut command: Command) -> Serving {
        command.env("LEPTOS_SITE_ROOT", self.site()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let addr = lines.next().expect("the server starts").unwrap();
        let addr = match addr.rsplit_once(':').map(|(_, port)| port.parse::<u16>()) {
            Some(Ok(port)) => format!("127.0.0.1:{port}"),
            _ => listening(process.id()),
        };
        // Otherwise its last output would block it.
        std::thread::spawn(move || lines.for_each(drop));
        Serving { process, addr }
    }

    pub fn site(&self) -> PathBuf {
        let site = self.at("site");
        fs::create_dir_all(site.join("pkg")).unwrap();
        site
    }
}

/// Returns the listening address of a process that has an origin and so does not print it.
fn listening(process: u32) -> String {
    let tables = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap();
    let sockets: Vec<String> = fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|fd| fs::read_link(fd.unwrap().path()).ok())
        .filter_map(|link| link.to_str().map(str::to_owned))
        .collect();
    let port = tables.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let listens = fields[3] == "0A" && sockets.contains(&format!("socket:[{}]", fields[9]));
        let (_, port) = fields[1].split_once(':')?;
        listens.then(|| u16::from_str_radix(port, 16).unwrap())
    });
    format!("127.0.0.1:{}", port.unwrap())
}

impl Serving {
    /// Returns the address it listens on.
    pub fn addr(&self) -> &str {
        &self.addr
    }

    /// Sends a request and returns the response.
    pub fn asks(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request.trim_end_matches("\r\n"), ""));
        write!(stream, "{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn publish(&self, number: u64) {
        let request = "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
        let answer = self.asks(&format!("{request}\r\n\r\n{{\"topic\":\"news\",\"data\":{number}}}"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    pub fn history(&self) -> String {
        self.asks("GET /topics/news/history HTTP/1.1\r\nHost: localhost")
    }

    pub fn epoch(&self) -> String {
        let history = self.history();
        let line = history.lines().find(|line| line.starts_with("x-hubbub-epoch: "));
        line.unwrap_or_else(|| panic!("{history}")).to_owned()
    }

    pub fn stop(mut self) {
        let stopped = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns what a command wrote about an error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
