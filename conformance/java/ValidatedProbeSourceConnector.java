package io.sluice.conformance;

/** A probe of another name: see plugins/probe-source.ts. */
public class ValidatedProbeSourceConnector extends ProbeSourceConnector {}
