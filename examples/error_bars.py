"""Sampling methods say how sure they are: a standard error per region, a band, and why they stopped."""

import seewhy

model, photo = seewhy.adapt("efficientnet-lite0"), seewhy.photo("cat")
for samples in (64, 160):
    explanation = seewhy.explain(model, photo, method="kernel-shap", regions="grid:3", samples=samples)
    parts, sampling = explanation.parts, explanation.sampling
    print(f"{sampling.drawn} {sampling.unit}, stopped by: {sampling.stop}, band {sampling.halfwidth:.0%} of the range")
    best = parts.values.argsort()[::-1][:3]
    for part in best:
        sure = "sure" if abs(parts.values[part]) > parts.band[part] else "could be nothing"
        value, stderr, band = parts.values[part], parts.stderr[part], parts.band[part]
        print(f"  region {part:2}: {value:+.2f}, standard error {stderr:.2f}, band ±{band:.2f}: {sure}")

small = seewhy.explain(model, photo, method="exact-shapley", regions="grid:2")
print(f"four regions exactly: {small.parts.values.round(2)}, stopped by: {small.sampling.stop}")
