"""ssflow runs the processes of ITIL service strategy as executable BPMN diagrams."""
