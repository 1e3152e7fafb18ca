"""Makes the files of this folder with Keras itself. For development only: neither tests nor users run it.

    python make.py OUT [--each]

With Keras 2.15 it writes keras2.*, with Keras 3 keras3.*: one model that holds every layer of the table, its logits for
two images in float32, and the gradient of a fixed combination of the logits. With --each, a model for every layer.
The files are made of formulas; they hold no data of others.
"""
import gzip
import json
import os
import sys
import zipfile

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

VERSION = int(keras.__version__.split('.')[0])
SHAPE = (9, 10, 3)


def images(n=2, shape=SHAPE):
    return np.round(np.random.default_rng(7).uniform(0, 1, (n, *shape)), 5).astype('float32')


def branch(*layers):
    def apply(x):
        for layer in layers:
            x = layer(x)
        return x
    return apply


def act(name):
    return branch(L.Conv2D(2, 2, activation=name))


def residual(x):
    y = L.Conv2D(3, 3, padding='same')(x)
    return L.Average()([L.Add()([x, y]), L.Multiply()([x, y]), L.Subtract()([x, y]), L.Maximum()([x, y]), L.Minimum()([x, y])])


def squeeze_excite(x):
    s = L.GlobalAveragePooling2D(keepdims=True)(x)
    s = L.Conv2D(3, 1, activation='sigmoid')(s)
    return L.Concatenate()([L.Multiply()([x, s]), x])


def gate_by_reshape(x):
    s = L.Dense(3, activation='sigmoid')(L.GlobalMaxPooling2D()(x))
    return L.Multiply()([x, L.Reshape((1, 1, 3))(s)])


def shared(x):
    c = L.Conv2D(3, 3, padding='same', activation='tanh', name='shared_conv')
    return c(c(x))


def nested(x):
    inner_in = L.Input((9, 10, 3))
    y = L.Conv2D(3, 3, padding='same')(inner_in)
    y = L.BatchNormalization()(y)
    inner = keras.Model(inner_in, L.Add()([y, inner_in]), name='inner')
    seq = keras.Sequential([L.Conv2D(3, 3, input_shape=(9, 10, 3)) if VERSION == 2 else L.Conv2D(3, 3), L.BatchNormalization(), L.ReLU()], name='chain')
    return seq(inner(inner(x)))


def vectors(x):
    a = L.Dense(4)(L.Flatten()(x))
    b = L.Dense(4, use_bias=False)(L.GlobalAveragePooling2D()(x))
    return L.Concatenate()([L.Dot(axes=1)([a, b]), L.Dot(axes=1, normalize=True)([a, b])])


def operators(x):
    y = (L.ReLU(6.0)(x * 4.0 + 3.0) * (1.0 / 6.0) - x) / 2.0
    return keras.ops.divide(y, 3.0) if VERSION == 3 else y


def augmentations():
    if VERSION == 3:
        return [L.RandomFlip()]  # Keras 3.15 cannot write the others to .h5
    return [L.RandomFlip(), L.RandomRotation(0.1), L.RandomZoom(0.1), L.RandomTranslation(0.1, 0.1), L.RandomContrast(0.1), L.RandomBrightness(0.1)]


def first(x):
    x = L.Permute((3, 1, 2))(x)
    x = L.ZeroPadding2D(((1, 2), (0, 1)), data_format='channels_first')(x)
    x = L.BatchNormalization(axis=1)(x)
    return L.Flatten(data_format='channels_first')(x)


def cases():
    table = {
        'conv_same_stride': branch(L.Conv2D(4, 3, strides=2, padding='same', activation='relu')),
        'conv_same_even': branch(L.Conv2D(4, (4, 2), strides=(3, 2), padding='same')),
        'conv_dilated': branch(L.Conv2D(4, 3, dilation_rate=2, padding='same', use_bias=False)),
        'conv_groups': branch(L.Conv2D(6, 3, groups=3)),
        'depthwise': branch(L.DepthwiseConv2D(3, strides=2, padding='same', depth_multiplier=2)),
        'separable': branch(L.SeparableConv2D(4, 3, padding='same', depth_multiplier=2, activation='elu')),
        'transpose_same': branch(L.Conv2DTranspose(4, 3, strides=2, padding='same')),
        'transpose_valid': branch(L.Conv2DTranspose(4, 2, strides=3, padding='valid', activation='relu')),
        'transpose_even': branch(L.Conv2DTranspose(2, 4, strides=2, padding='same', use_bias=False)),
        'transpose_extra': branch(L.Conv2DTranspose(2, 3, strides=2, padding='same', output_padding=1)),
        'transpose_extra_valid': branch(L.Conv2DTranspose(2, 3, strides=3, padding='valid', output_padding=2)),
        'dense_image': branch(L.Dense(4, activation='tanh')),
        'dense': branch(L.Flatten(), L.Dense(4)),
        'batch_norm': branch(L.BatchNormalization()),
        'batch_norm_plain': branch(L.BatchNormalization(scale=False, center=False, epsilon=1e-2)),
        'batch_norm_rows': branch(L.Flatten(), L.BatchNormalization()),
        'batch_norm_height': branch(L.BatchNormalization(axis=1)),
        'layer_norm': branch(L.LayerNormalization()),
        'layer_norm_all': branch(L.LayerNormalization(axis=[1, 2, 3], epsilon=1e-5)),
        'layer_norm_space': branch(L.Conv2D(3, 2), L.LayerNormalization(axis=[1, 2])),
        'group_norm': branch(L.Conv2D(6, 2), L.GroupNormalization(3)),
        'instance_norm': branch(L.GroupNormalization(-1)),
        'relu': branch(L.ReLU()),
        'relu_all': branch(L.Rescaling(4.0, -2.0), L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.3)),
        'relu_threshold': branch(L.Rescaling(4.0, -2.0), L.ReLU(threshold=0.5)),
        'relu_slope': branch(L.Rescaling(4.0, -2.0), L.ReLU(negative_slope=0.2)),
        'relu_max': branch(L.Rescaling(4.0, -2.0), L.ReLU(max_value=1.5)),
        'leaky': branch(L.Rescaling(4.0, -2.0), L.LeakyReLU()),
        'prelu': branch(L.Rescaling(4.0, -2.0), L.PReLU(alpha_initializer='random_normal', shared_axes=[1, 2])),
        'prelu_each': branch(L.Conv2D(2, 4, strides=2), L.PReLU(alpha_initializer='random_normal')),
        'elu': branch(L.Rescaling(4.0, -2.0), L.ELU(alpha=0.5)),
        'softmax': branch(L.Softmax()),
        'softmax_height': branch(L.Conv2D(3, 2), L.Softmax(axis=1)),
        'max_same': branch(L.MaxPooling2D(3, strides=2, padding='same')),
        'max_valid': branch(L.MaxPooling2D((2, 3))),
        'average_same': branch(L.AveragePooling2D(3, strides=2, padding='same')),
        'average_valid': branch(L.AveragePooling2D(2, strides=1)),
        'global_max': branch(L.GlobalMaxPooling2D()),
        'global_average': branch(L.GlobalAveragePooling2D()),
        'padding': branch(L.ZeroPadding2D(((1, 2), (3, 0))), L.Conv2D(2, 3, strides=2)),
        'cropping': branch(L.Cropping2D(((1, 2), (0, 3)))),
        'up_nearest': branch(L.UpSampling2D((2, 3))),
        'up_bilinear': branch(L.UpSampling2D(2, interpolation='bilinear')),
        'reshape': branch(L.Reshape((-1, 6, 5)), L.Conv2D(2, 3)),
        'permute': branch(L.Conv2D(4, 3), L.Permute((2, 3, 1))),
        'rescaling': branch(L.Rescaling(1 / 127.5, offset=-1)),
        'normalization': branch(L.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.04, 0.09, 0.01])),
        'dropout': branch(L.Dropout(0.5), L.SpatialDropout2D(0.5), L.GaussianNoise(0.1), L.GaussianDropout(0.5), L.AlphaDropout(0.5), L.ActivityRegularization(),
                          *augmentations()),
        'residual': residual,
        'squeeze_excite': squeeze_excite,
        'gate': gate_by_reshape,
        'shared': shared,
        'nested': nested,
        'vectors': vectors,
        'operators': operators,
        'channels_first': first,
        'concat_height': lambda x: L.Concatenate(axis=1)([x, L.Conv2D(3, 3, padding='same')(x)]),
    }
    adapted = L.Normalization()
    adapted.adapt(images(20) * np.array([1, 2, 3], 'float32'))
    table['normalization_learnt'] = branch(adapted)
    names = ['relu', 'elu', 'selu', 'gelu', 'swish', 'hard_sigmoid', 'softmax', 'tanh', 'sigmoid', 'softplus', 'softsign', 'exponential', 'linear', 'leaky_relu', 'mish', 'relu6']
    if VERSION == 3:
        names += ['silu', 'hard_silu', 'hard_swish', 'celu', 'log_sigmoid', 'hard_tanh', 'log_softmax']
    for name in names:
        if VERSION == 2 and name in ('leaky_relu', 'mish', 'relu6') and not hasattr(keras.activations, name):
            continue
        table[f'act_{name}'] = act(name)
        table[f'layer_{name}'] = branch(L.Conv2D(2, 2), L.Activation(name))
    table['act_layer'] = branch(L.Conv2D(2, 2, activation=L.LeakyReLU(0.2)))
    return table


def randomise(model):
    """Weights that are neither 0 nor 1, so that none can be mistaken for another."""
    rng = np.random.default_rng(3)
    done = set()
    for w in model.weights:
        name = getattr(w, 'path', w.name)
        if 'seed' in name or 'count' in name or id(w) in done or not np.issubdtype(w.numpy().dtype, np.floating):
            continue
        done.add(id(w))
        values = rng.normal(0, 0.5, w.shape)
        if 'variance' in name or 'gamma' in name:
            values = np.abs(values) + 0.75
        # Few different values: the files are small when compressed.
        values = np.sign(values) / 4 if values.size > 100 else np.round(4 * values) / 4
        w.assign(values.astype('float32'))
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            layer.finalize_state()


def rows(x):
    return x if len(x.shape) == 2 else L.Flatten()(x)


def gradient(model, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=False)
        weights = tf.reshape(tf.cos(tf.range(tf.size(y[0]), dtype=tf.float32)), y[0].shape)
        total = tf.reduce_sum(y * weights)
    return y.numpy(), tape.gradient(total, x).numpy()


def save(model, file):
    model.save(file)
    if file.endswith('.keras'):
        # HDF5 is mostly empty space: the same archive, deflated.
        with zipfile.ZipFile(file) as z:
            members = [(n, z.read(n)) for n in z.namelist()]
        with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as z:
            for name, content in members:
                z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compress_type=zipfile.ZIP_DEFLATED)


def expected(model, x):
    logits, grad = gradient(model, x)
    flat = lambda a: [float(f'{v:.8g}') for v in np.asarray(a, 'float32').ravel()]
    return {'keras': keras.__version__, 'shape': list(x.shape), 'images': flat(x), 'logits': flat(logits), 'gradient': flat(grad)}


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    x = images()
    if '--each' in sys.argv:
        for name, apply in cases().items():
            i = keras.Input(SHAPE)
            model = keras.Model(i, rows(apply(i)))
            randomise(model)
            for kind in ('h5', 'keras'):
                try:
                    save(model, f'{out}/{name}.{kind}')
                except Exception as e:
                    print(name, kind, 'not saved:', str(e)[:200])
            json.dump(expected(model, x), open(f'{out}/{name}.json', 'w'))
        return
    i = keras.Input(SHAPE, name='image')
    outputs = []
    for name, apply in cases().items():
        outputs.append(L.Dense(1, use_bias=False)(rows(apply(i))))
    model = keras.Model(i, L.Dense(6)(L.Concatenate()(outputs)), name='every_layer')
    randomise(model)
    if VERSION == 3:
        save(model, f'{out}/keras{VERSION}.keras')
    save(model, f'{out}/keras{VERSION}.h5')
    with open(f'{out}/keras{VERSION}.h5', 'rb') as f, open(f'{out}/keras{VERSION}.h5.gz', 'wb') as g:
        g.write(gzip.compress(f.read(), 9, mtime=0))
    os.remove(f'{out}/keras{VERSION}.h5')
    json.dump(expected(model, x), open(f'{out}/keras{VERSION}.json', 'w'))


main()
