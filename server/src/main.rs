//! The binary `hubbub`: reads the operator's settings, and serves until it is stopped.

use std::process::ExitCode;

use server::{BenchArgs, BenchError, Cli, Config, ConfigError, Server, StopSignals, Task};
use tracing_subscriber::EnvFilter;

/// The allocator. Its background thread returns freed pages to the system after a burst, such as a thousand
/// half-sent requests.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let task = cli.task();
    let config = match Config::read(cli) {
        Ok(config) => config,
        Err(wrong) => {
            eprintln!("hubbub: {wrong}");
            return ExitCode::from(2);
        }
    };
    let filter = match EnvFilter::try_new(&config.log) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("hubbub: log = \"{}\" is not a log filter ({error}); try info or warn", config.log);
            return ExitCode::from(2);
        }
    };
    // Colours are for a terminal: in a file or a journal they are noise.
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        .with_writer(std::io::stderr)
        .init();
    // Sockets are descriptors, and many systems limit a process to 1,024 until it asks for more. If raising the limit
    // fails, the listener logs it when descriptors run out.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("hubbub: the system gives no threads ({error})");
            return ExitCode::FAILURE;
        }
    };
    let code = match task {
        Task::Serve => {
            Config::warn_of_misspelled_variables();
            runtime.block_on(serve(config))
        }
        Task::ResetLink(name) => print(runtime.block_on(server::reset_link(&config, &name))),
        Task::Manage(manage) => print(runtime.block_on(server::manage(&config, manage))),
        Task::Backup { file, force } => print(runtime.block_on(server::back_up(&config, &file, force))),
        Task::Restore { file, force } => print(server::restore(&config, &file, force)),
        Task::Move(args) => print(server::move_data(&config, &args, &mut |step| eprintln!("{step}"))),
        Task::Doctor => {
            let diagnosis = runtime.block_on(server::doctor(&config));
            print!("{diagnosis}");
            if diagnosis.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Task::Export { file, application } => {
            print(runtime.block_on(server::export(&config, &file, application)))
        }
        Task::Import(command) => print(runtime.block_on(server::import(&config, command))),
        Task::Nodes => print(runtime.block_on(server::list_nodes(&config))),
        Task::Bench(args) => runtime.block_on(print_bench(&config, &args)),
    };
    // Does not wait for a disk that hangs.
    runtime.shutdown_background();
    code
}

fn print(done: Result<String, ConfigError>) -> ExitCode {
    match done {
        Ok(sentence) => {
            println!("{sentence}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("hubbub: {wrong}");
            ExitCode::FAILURE
        }
    }
}

async fn print_bench(config: &Config, args: &BenchArgs) -> ExitCode {
    match server::bench(config, args).await {
        Ok(mut report) => {
            print!("{report}");
            match report.save() {
                Ok(()) => ExitCode::SUCCESS,
                Err(wrong) => {
                    eprintln!("hubbub: {wrong}");
                    ExitCode::FAILURE
                }
            }
        }
        Err(BenchError::Refused(wrong)) => {
            eprintln!("hubbub: {wrong}");
            ExitCode::from(2)
        }
        Err(BenchError::Failed(why)) => {
            eprintln!("hubbub: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> ExitCode {
    let place = config.place();
    // Before anything else, so that a signal during the start stops it in order, too.
    let mut stop = StopSignals::new();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    let started = tokio::select! {
        started = Server::start(config) => started,
        // It may wait for a database.
        () = stop.next() => {
            tracing::info!("stopped before it served");
            return ExitCode::SUCCESS;
        }
    };
    let running = match started {
        Ok(running) => running,
        Err(wrong) => {
            eprintln!("hubbub: {wrong}");
            return ExitCode::FAILURE;
        }
    };
    tracing::info!(url = running.url(), "ready");
    println!("Hubbub serves {}", running.url());
    println!("{place}; Ctrl-C ends it");
    match running.owner_link().await {
        Ok(Some(link)) => println!("Nobody owns this server yet. To become its owner, open {link}"),
        Ok(None) => {}
        // A server that cannot read reports that to every request; it may recover.
        Err(wrong) => eprintln!("hubbub: {wrong}"),
    }
    // Until the process ends: a shutdown has its own time limit.
    let _watchdog = server::notify_ready();
    let is_replaced = tokio::select! {
        () = stop.next() => false,
        () = running.store_replaced() => true,
    };
    if is_replaced {
        eprintln!("hubbub: the database has other data now; this server ends, to be started anew");
    }
    server::notify_stopping();
    tracing::info!("stopping");
    println!("Hubbub stops …");
    let stopped = tokio::select! {
        stopped = running.stop() => stopped,
        () = stop.next() => false,
    };
    tracing::info!(in_time = stopped, "stopped");
    if stopped && !is_replaced { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
