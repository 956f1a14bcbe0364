"""HTTP without the domain: what a request asks, how a reply is said, the limits that hold before anything is parsed."""
