//! The parts of `deploy/compose.yaml` that `cargo xtask run --cluster` needs: services, their commands and order.

use std::collections::BTreeSet;

use yaml_rust2::{Yaml, YamlLoader};

use crate::Done;

/// The services of a compose file, each after those that it depends on.
#[derive(Debug)]
pub(crate) struct Compose {
    pub(crate) services: Vec<Service>,
}

/// A service.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) program: Program,
    /// The command line, the program first.
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    /// The ports of this machine that lead to it.
    pub(crate) ports: Vec<u16>,
    depends_on: Vec<String>,
}

/// The program of a service, as its image names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Postgres,
    Redis,
    /// A node, which is built here.
    Hubbub,
    /// The balancer.
    Caddy,
}

impl Compose {
    /// Reads a compose file, with the variables in it.
    pub(crate) fn parse(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Done<Self> {
        let documents = YamlLoader::load_from_str(text).map_err(|error| format!("compose.yaml: {error}"))?;
        let all = documents.first().map(|document| &document["services"]);
        let all = all.and_then(Yaml::as_hash).ok_or("compose.yaml has no services")?;
        let mut services = Vec::new();
        for (name, service) in all {
            let name = name.as_str().ok_or("a service of compose.yaml has no name")?;
            let service = Service::parse(name, service, variable);
            services.push(service.map_err(|wrong| format!("compose.yaml: {name}: {wrong}"))?);
        }
        Ok(Self { services: in_order(services)? })
    }

    /// Returns the services of a program.
    pub(crate) fn of(&self, program: Program) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(move |service| service.program == program)
    }
}

impl Service {
    fn parse(name: &str, yaml: &Yaml, variable: &dyn Fn(&str) -> Option<String>) -> Done<Self> {
        let filled = |text: &str| fill(text, variable);
        let environment = yaml["environment"].as_hash().into_iter().flatten().map(|(name, value)| {
            let name = name.as_str().ok_or("a variable has no name")?;
            let value = value.as_str().ok_or(format!("{name} is no text; quote it"))?;
            Ok((name.to_owned(), filled(value)?))
        });
        let ports = list(&yaml["ports"])?.into_iter().map(|port| {
            let outer = filled(port)?;
            let outer = outer.split(':').next().and_then(|port| port.parse().ok());
            outer.ok_or(format!("the port {port} is not like 8080:8080"))
        });
        let depends_on = match &yaml["depends_on"] {
            Yaml::Hash(names) => names.keys().filter_map(Yaml::as_str).map(str::to_owned).collect(),
            names => list(names)?.into_iter().map(str::to_owned).collect(),
        };
        let command: Vec<String> = list(&yaml["command"])?.into_iter().map(filled).collect::<Done<_>>()?;
        if command.is_empty() {
            return Err("it has no command".into());
        }
        Ok(Self {
            name: name.to_owned(),
            program: Program::of(yaml)?,
            command,
            environment: environment.collect::<Done<_>>()?,
            ports: ports.collect::<Done<_>>()?,
            depends_on,
        })
    }

    /// Returns the value of a variable.
    pub(crate) fn variable(&self, name: &str) -> Done<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).ok_or(format!("compose.yaml: {} has no {name}", self.name))
    }
}

impl Program {
    fn of(yaml: &Yaml) -> Done<Self> {
        if !yaml["build"].is_badvalue() {
            return Ok(Self::Hubbub);
        }
        let image = yaml["image"].as_str().ok_or("it has neither image nor build")?;
        match image.split(':').next() {
            Some("postgres") => Ok(Self::Postgres),
            Some("redis") => Ok(Self::Redis),
            Some("caddy") => Ok(Self::Caddy),
            _ => Err(format!("the image {image} is of a program that xtask does not know")),
        }
    }
}

/// Returns the texts of a list; none if there is no list.
fn list(yaml: &Yaml) -> Done<Vec<&str>> {
    match yaml {
        Yaml::BadValue => Ok(Vec::new()),
        Yaml::Array(all) => all
            .iter()
            .map(|one| one.as_str().ok_or_else(|| "a list has something else than texts".into()))
            .collect(),
        _ => Err("a list is written in another way than with brackets".into()),
    }
}

/// Puts variables into a text: `${NAME}`, `${NAME:-default}` or `${NAME:?reason}`.
fn fill(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Done<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, behind) =
            after.split_once('}').ok_or(format!("{text} has a variable without an end"))?;
        let end = inside.find(":-").or_else(|| inside.find(":?")).unwrap_or(inside.len());
        let (name, otherwise) = inside.split_at(end);
        filled.push_str(before);
        match (variable(name).filter(|value| !value.is_empty()), otherwise.strip_prefix(":-")) {
            (Some(value), _) => filled.push_str(&value),
            (None, Some(default)) => filled.push_str(default),
            (None, None) => return Err(format!("{name} is not set")),
        }
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Sorts services so that each comes after those that it depends on.
fn in_order(mut services: Vec<Service>) -> Done<Vec<Service>> {
    let mut sorted: Vec<Service> = Vec::new();
    let mut started = BTreeSet::new();
    while !services.is_empty() {
        let next =
            services.iter().position(|service| service.depends_on.iter().all(|name| started.contains(name)));
        let next = next.ok_or("the services of compose.yaml depend on each other in a circle")?;
        let next = services.remove(next);
        started.insert(next.name.clone());
        sorted.push(next);
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    fn file(name: &str) -> String {
        std::fs::read_to_string(root().join("deploy").join(name)).unwrap()
    }

    fn compose() -> Compose {
        let variables = |name: &str| match name {
            "DATABASE_PASSWORD" => Some("pw".to_owned()),
            "HUBBUB_SECRET" => Some("00".repeat(32)),
            _ => None,
        };
        Compose::parse(&file("compose.yaml"), &variables).unwrap()
    }

    #[test]
    fn the_services_start_after_those_that_they_need() {
        let compose = compose();
        let order: Vec<&str> = compose.services.iter().map(|service| service.name.as_str()).collect();
        assert_eq!(order, ["postgres", "redis", "node-1", "node-2", "caddy"]);
        let programs: Vec<Program> = compose.services.iter().map(|service| service.program).collect();
        let node = Program::Hubbub;
        assert_eq!(programs, [Program::Postgres, Program::Redis, node, node, Program::Caddy]);
    }

    #[test]
    fn the_nodes_differ_in_their_names_alone() {
        let compose = compose();
        let [one, other] = compose.of(Program::Hubbub).collect::<Vec<_>>()[..] else { panic!("two nodes") };
        assert_eq!(one.command, other.command);
        for ((name, value), (same, others)) in one.environment.iter().zip(&other.environment) {
            assert_eq!(name, same);
            assert_eq!(value == others, name != "HUBBUB_NODE_NAME", "{name}");
        }
        let store = one.variable("HUBBUB_STORE");
        assert_eq!(store, Ok("postgres://hubbub@postgres:5432/hubbub?sslmode=disable"));
        assert_eq!(one.variable("HUBBUB_STORE_PASSWORD"), Ok("pw"));
    }

    #[test]
    fn the_balancer_sends_people_to_each_node_and_asks_each_if_it_is_ready() {
        let caddyfile = file("Caddyfile");
        let upstreams =
            caddyfile.lines().find_map(|line| line.trim().strip_prefix("reverse_proxy ")).unwrap();
        let nodes: Vec<String> =
            compose().of(Program::Hubbub).map(|node| format!("{}:8080", node.name)).collect();
        assert_eq!(upstreams.trim_end_matches(" {").split(' ').collect::<Vec<_>>(), nodes);
        assert!(caddyfile.contains("health_uri /health/ready"));
    }

    #[test]
    fn the_image_is_made_of_the_binary_that_dist_builds() {
        let dockerfile = file("Dockerfile");
        assert!(dockerfile.contains("\nCOPY target/dist/hubbub /usr/bin/hubbub\n"));
        let ignored = std::fs::read_to_string(root().join(".dockerignore")).unwrap();
        assert!(ignored.lines().any(|line| line == "!target/dist/hubbub"));
        assert!(file("compose.yaml").contains("dockerfile: deploy/Dockerfile"));
    }

    #[test]
    fn a_variable_that_must_be_set_is_named() {
        let wrong = Compose::parse(&file("compose.yaml"), &|_| None).unwrap_err();
        assert!(wrong.contains("DATABASE_PASSWORD is not set"), "{wrong}");
        assert_eq!(fill("a ${B:-c} ${D}", &|name| (name == "D").then(|| "e".into())), Ok("a c e".into()));
    }
}
