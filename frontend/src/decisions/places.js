// Finds where in a DMN file an id belongs.

/** The decision that has this id, or holds the rule, cell or clause that has it. */
export function decisionOf(definitions, id) {
  const decisions = (definitions?.drgElement ?? []).filter(({ $type }) => $type === 'dmn:Decision');
  return decisions.find((decision) => decision.id === id || holds(decision.decisionLogic, id));
}

function holds(part, id) {
  if (!part) return false;
  if (part.id === id) return true;
  const inside = ['input', 'output', 'rule', 'inputEntry', 'outputEntry', 'inputExpression'].flatMap((name) => part[name] ?? []);
  return inside.some((child) => holds(child, id));
}
